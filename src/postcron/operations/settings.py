"""The settings of accounts: what stands in the configuration for a platform, checked by its keys."""

from __future__ import annotations

from collections.abc import Mapping

from postcron.errors import ConfigInvalid, Invalid
from postcron.model import Account, Act, SecretRef
from postcron.operations.house import House
from postcron.platforms.base import Key, act_of
from postcron.rules.nearest import nearest


def settings(house: House, account: Account) -> dict[str, str]:
    """Return the account's plain keys, checked; raises `ConfigInvalid` with file and line."""
    keys = {key.name: key for key in house.platform_class(account).keys}
    _refuse_unknown(account, keys)
    for key in keys.values():
        _check(account, key)
    given = {name: value for name, value in account.settings.items() if not keys[name].secret}
    defaults = {key.name: key.default for key in keys.values() if key.default is not None}
    return defaults | {name: house.plain(value) for name, value in given.items()}


def _refuse_unknown(account: Account, keys: Mapping[str, Key]) -> None:
    for name in account.settings.keys() - keys.keys():
        message = (
            f"{account.where}: {account.platform} has no key {name!r} in account {account.name}"
        )
        raise ConfigInvalid(f"{message}: {nearest(name, keys)}")


def _check(account: Account, key: Key) -> None:
    value = account.settings.get(key.name)
    where = f"{account.where}: account {account.name}"
    if value is None:
        if key.required:
            raise ConfigInvalid(f"{where} needs {key.name} ({key.help or account.platform}).")
        return
    if key.secret and not isinstance(value, SecretRef):
        message = (
            f"{where}: {key.name} is a secret and must not stand in the file; "
            f'write {key.name} = {{ env = "NAME" }}, {{ file = "…" }} or {{ command = ["…"] }}.'
        )
        raise ConfigInvalid(message)
    if key.choices and isinstance(value, str) and value not in key.choices:
        choices = ", ".join(sorted(key.choices))
        raise ConfigInvalid(f"{where}: {key.name} is {value!r}, but must be one of {choices}.")


def act(house: House, account: Account) -> Act:
    """Return how often an account's publish call may be made; raises `Invalid`."""
    return act_of(house.platform_class(account), lambda: settings(house, account))


def broken(house: House) -> dict[str, Invalid]:
    """Return the accounts whose settings cannot be used, each with the reason; asked once a run."""
    if house.broken is None:
        house.broken = {
            account.name: error
            for account in house.config.accounts.values()
            if account.enabled and (error := _objection(house, account)) is not None
        }
    return house.broken


def _objection(house: House, account: Account) -> Invalid | None:
    try:
        settings(house, account)
    except Invalid as error:
        return error
    return None


def check_all(house: House) -> None:
    """Raise `Invalid` for the first account whose settings cannot be used."""
    for error in broken(house).values():
        raise error
