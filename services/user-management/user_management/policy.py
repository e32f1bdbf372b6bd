"""Refuses common passwords that are long enough."""

import string

from assistants_common.problems import ProblemError

# The most common passwords consist of these words, with digits and signs around and inside them.
_WORDS = """
password passwort passw pass pwd qwerty qwertz azerty letmein welcome admin administrator root login user
guest test testing changeme secret default master monkey dragon football baseball basketball superman
batman princess sunshine iloveyou trustno shadow michael jordan jennifer hunter liverpool arsenal chelsea
starwars pokemon computer internet whatever freedom flower cheese summer winter spring autumn hello hallo
google samsung microsoft windows oracle server system manager company office account assistants assistant
enterprise пароль привет админ администратор пользователь любовь наташа марина солнышко йцукен фывапр
предприятие бухгалтерия зарплата
"""
_LONGEST_FIRST = sorted(_WORDS.split(), key=len, reverse=True)
_LINES = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890123456789",
    "qwertyuiop[]asdfghjkl;'zxcvbnm,./",
    "1234567890-=qwertyuiop",
    "1q2w3e4r5t6y7u8i9o0p",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/",
    "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
    "йцукенгшщзхъфывапролджэячсмитьбю",
    "1й2ц3у4к5е6н7г8ш9щ0з",  # noqa: RUF001 - Cyrillic is meant
)
_ROWS = tuple(row[::step] for row in _LINES for step in (1, -1))
_DIGITS_AND_SIGNS = string.digits + string.punctuation + string.whitespace
_LEET = str.maketrans("0134578@$!", "oieastbasi")
_SHORTEST_RUN = 4
_FEWEST_CHARACTERS = 5


def require_good_password(password: str, email: str, field: str = "password") -> None:
    """Raise 422 with the reason when attackers would guess the password first."""
    reason = _complaint(password.casefold(), email.casefold())
    if reason:
        error = {"location": ["body", field], "message": reason, "code": "password_too_common"}
        raise ProblemError(422, "The request is not valid.", errors=[error])


def _complaint(password: str, email: str) -> str | None:
    name = email.partition("@")[0]
    if email in password or password.strip(_DIGITS_AND_SIGNS) == name.strip(_DIGITS_AND_SIGNS):
        return "The password must not be the e-mail address."
    if any(_is_common(text) for text in (password, password.translate(_LEET))):
        return "The password is one of the commonest: choose another."
    return None


def _is_common(password: str) -> bool:
    """Whether almost nothing remains without common words and keyboard runs."""
    rest = _without_runs(password)
    for word in _LONGEST_FIRST:
        rest = rest.replace(word, "")
    return len(set(rest)) < _FEWEST_CHARACTERS


def _without_runs(text: str) -> str:
    """The text without runs of four or more neighbours on a keyboard row or in an alphabet, either way."""
    kept, start = [], 0
    while start < len(text):
        length = max(_run_length(text, start, row) for row in _ROWS)
        if length < _SHORTEST_RUN:
            kept.append(text[start])
            length = 1
        start += length
    return "".join(kept)


def _run_length(text: str, start: int, row: str) -> int:
    end = start
    while end < len(text) and text[start : end + 1] in row:
        end += 1
    return end - start
