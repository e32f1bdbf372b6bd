import pytest

from assistants_common.problems import ProblemError
from user_management.policy import require_good_password

EMAIL = "anna.petrova77@example.com"


@pytest.mark.parametrize(
    "password",
    [
        "password1234",
        "Password2024!",
        "P@ssw0rd1234",
        "qwertyuiop123",
        "QWERTY123456",
        "1qaz2wsx3edc4rfv",
        "1q2w3e4r5t6y",
        "123456789012",
        "0987654321098",
        "aaaaaaaaaaaa",
        "abcabcabcabcabc",
        "abcdefghijklm",
        "adminadminadmin",
        "welcome-admin-1",
        "letmein!!!!!!",
        "йцукенгшщзхъ",
        "пароль123456",  # noqa: RUF001
        "            ",
        "iloveyou2023!",
        EMAIL,
        EMAIL.upper(),
        f"my {EMAIL} 1",
        "anna.petrova99",
        "Anna.Petrova2024!",
    ],
)
def test_what_guessing_begins_with_is_refused(password: str) -> None:
    with pytest.raises(ProblemError) as caught:
        require_good_password(password, EMAIL)
    assert caught.value.status_code == 422
    assert password not in str(caught.value.extensions)


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery",
        "seven green lighthouses",
        "my-password-is-Kefir",
        "tr0ub4dor&3xyz",
        "83920175648392",
        "зелёный маяк у моря",  # noqa: RUF001
        "x7$kQ2!mZ9@p",
    ],
)
def test_what_is_long_and_not_common_is_taken(password: str) -> None:
    require_good_password(password, EMAIL)
