"""Where passwords come from: a file of the service's own, or a systemd credential. Never a flag, never the ledger."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from simpeg_sync.domain.errors import ConfigError, Problem


@dataclass(frozen=True, slots=True)
class Secret:
    """A value that repr() and logs cannot show."""

    _value: str = field(repr=False)

    def reveal(self) -> str:
        return self._value

    @classmethod
    def from_file(cls, path: Path, place: str) -> "Secret":
        """Raises ConfigError when the file is missing or empty."""
        try:
            text = path.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ConfigError(
                [
                    Problem(
                        place, f"the secret file {path} cannot be read ({error.strerror})", "Create it with mode 0600."
                    )
                ]
            ) from None
        except UnicodeDecodeError:
            raise ConfigError([Problem(place, f"the secret file {path} is not text", "Save it as UTF-8.")]) from None
        if not text:
            raise ConfigError([Problem(place, f"the secret file {path} is empty", "Put the secret into it.")])
        return cls(text)


def located(path: Path, folder: Path) -> Path:
    """Where a secret file lies: a bare name may be a systemd credential; else relative to the settings' folder."""
    credentials = os.environ.get("CREDENTIALS_DIRECTORY")
    if credentials and not path.is_absolute() and (Path(credentials) / path).is_file():
        return Path(credentials) / path
    return path if path.is_absolute() else folder / path
