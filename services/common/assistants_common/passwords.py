"""Passwords that change while clients use them."""

from pydantic import SecretStr

from assistants_common.settings import lines_of


class Passwords:
    """The passwords to log in with, the most likely first.

    A client and its server get a new password at different times. So the client tries the current passwords,
    then those from before the last change.
    """

    def __init__(self, secret: SecretStr | None) -> None:
        self._values = lines_of(secret)
        self._before: tuple[str, ...] = ()

    def use(self, secret: SecretStr | None) -> None:
        values = lines_of(secret)
        if values != self._values:
            self._before, self._values = self._values, values

    def candidates(self) -> tuple[str | None, ...]:
        """Each password once; only None when there is no password."""
        return tuple(dict.fromkeys((*self._values, *self._before))) or (None,)
