"""The configuration: one TOML file, what the environment overrides in it, and strict about both."""

from postcron.config.accounts import ACCOUNT_KEYS as ACCOUNT_KEYS
from postcron.config.finding import default_path as default_path
from postcron.config.finding import find as find
from postcron.config.reading import load as load
from postcron.config.starter import starter as starter
from postcron.config.values import Config as Config
from postcron.config.values import MediaConfig as MediaConfig
from postcron.config.values import RunLimits as RunLimits
from postcron.config.values import StoreConfig as StoreConfig
