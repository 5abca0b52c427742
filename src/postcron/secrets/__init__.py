"""Secrets: fetched from where they are kept, never shown, sealed when the store keeps them."""

from postcron.secrets.files import rewrite as rewrite
from postcron.secrets.files import sync_folder as sync_folder
from postcron.secrets.files import write_new as write_new
from postcron.secrets.known import Secrets as Secrets
from postcron.secrets.logs import quiet_loggers as quiet_loggers
from postcron.secrets.sealing import Sealer as Sealer
from postcron.secrets.sealing import new_key as new_key
from postcron.secrets.sealing import write_key as write_key
