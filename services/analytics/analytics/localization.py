"""The words of reports and dashboards, in English and in Russian."""

# ruff: noqa: RUF001 - some Cyrillic letters look like Latin ones, and a dash is a dash
from datetime import date
from typing import Literal

Language = Literal["en", "ru"]

_THIN_SPACE = "\u202f"

_WORDS: dict[str, tuple[str, str]] = {
    # Columns and measures
    "date": ("Date", "Дата"),
    "provider": ("Provider", "Поставщик"),
    "model": ("Model", "Модель"),
    "user_id": ("User", "Пользователь"),
    "active_users": ("Active users", "Активные пользователи"),
    "registrations": ("Registrations", "Регистрации"),
    "logins": ("Logins", "Входы"),
    "login_failures": ("Failed logins", "Неудачные входы"),
    "lockouts": ("Accounts locked", "Блокировки учётных записей"),
    "token_reuses": ("Stolen sessions stopped", "Перехваты сессий"),
    "role_changes": ("Role changes", "Изменения ролей"),
    "password_changes": ("Password changes", "Смены паролей"),
    "prompts_flagged": ("Suspicious prompts", "Подозрительные запросы к ИИ"),
    "rate_limited": ("Rate limit hits", "Превышения лимита запросов"),
    "enumerations": ("Address scans", "Сканирование адресов"),
    "alerts": ("Security alerts", "Оповещения безопасности"),
    "ai_requests": ("AI requests", "Запросы к ИИ"),
    "ai_users": ("Users of AI", "Пользователи ИИ"),
    "prompt_tokens": ("Prompt tokens", "Токены запросов"),
    "completion_tokens": ("Completion tokens", "Токены ответов"),
    "cost": ("Cost, USD", "Стоимость, USD"),
    "ai_requests_without_price": ("AI requests without a price", "Запросы без цены"),
    "syncs_completed": ("1C synchronizations", "Синхронизации с 1С"),
    "syncs_failed": ("Failed 1C synchronizations", "Неудачные синхронизации с 1С"),
    "entity_sets": ("Entity sets synchronized", "Синхронизировано объектов 1С"),
    "records": ("Records synchronized", "Синхронизировано записей"),
    "reports_read": ("1C reports read", "Прочитано отчётов 1С"),
    # Titles
    "report.usage": ("Use of AI", "Использование ИИ"),
    "report.cost": ("Cost of AI", "Стоимость ИИ"),
    "report.sync": ("Exchange with 1C", "Обмен с 1С"),
    "report.security": ("Security", "Безопасность"),
    "dashboard.overview": ("Overview", "Обзор"),
    "dashboard.usage": ("Use of AI", "Использование ИИ"),
    "dashboard.cost": ("Cost of AI", "Стоимость ИИ"),
    "dashboard.sync": ("Exchange with 1C", "Обмен с 1С"),
    "dashboard.security": ("Security", "Безопасность"),
    # Panels
    "requests_by_model": ("Requests by model", "Запросы по моделям"),
    "tokens": ("Tokens", "Токены"),
    "cost_by_model": ("Cost by model", "Стоимость по моделям"),
    "syncs": ("Synchronizations", "Синхронизации"),
    "records_synchronized": ("Records synchronized", "Синхронизировано записей"),
    "sign_in": ("Logins", "Входы в систему"),
    "threats": ("Signs of attacks", "Признаки атак"),
    "account_changes": ("Changes of accounts", "Изменения учётных записей"),
    "people": ("Active users", "Активные пользователи"),
    "people_of_ai": ("Users of AI", "Пользователи ИИ"),
    # Units
    "unit.requests": ("requests", "запросы"),
    "unit.tokens": ("tokens", "токены"),
    "unit.usd": ("US dollars", "доллары США"),
    "unit.syncs": ("runs", "запуски"),
    "unit.records": ("records", "записи"),
    "unit.events": ("events", "события"),
    "unit.users": ("users", "пользователи"),
    "unit.reports": ("reports", "отчёты"),
    # Groupings, as the name of the x axis
    "group.day": ("day (UTC)", "день (UTC)"),
    "group.week": ("week from (UTC)", "неделя с (UTC)"),
    "group.month": ("month from (UTC)", "месяц с (UTC)"),
    # The rest
    "other": ("other", "прочие"),
    "total": ("Total", "Итого"),
    "period": ("Period", "Период"),
    "scope": ("Figures of", "Данные"),
    "scope.all": ("the whole platform", "по всей платформе"),
    "scope.user": ("the user", "пользователя"),
    "created": ("Made", "Составлен"),
    "summary": ("Summary", "Сводка"),
    "data": ("Data", "Данные"),
    "chart_data": ("Chart data", "Данные графиков"),
    "no_data": ("Nothing happened in this period.", "За этот период событий нет."),
    "note.prices_listed": (
        "Prices: the providers' public list prices as of {date} ({source}).",
        "Цены: публичные прейскуранты поставщиков на {date} ({source}).",
    ),
    "note.prices_set": (
        "Prices: those this installation is configured with (TOKEN_PRICES).",
        "Цены: заданы в настройках этой установки (TOKEN_PRICES).",
    ),
    "note.unpriced": (
        "Without a price, and so not in the cost: {models}.",
        "Цена неизвестна, в стоимость не входят: {models}.",
    ),
}


def word(name: str, language: Language) -> str:
    """The word for a name; the name itself when it has no word, such as a model's name."""
    english_and_russian = _WORDS.get(name)
    return english_and_russian[language == "ru"] if english_and_russian else name


def printable(text: str) -> str:
    """The text without unprintable characters, control characters (which break workbooks) and bidi marks."""
    return "".join(
        letter if letter.isprintable() else " " if letter.isspace() else "\N{REPLACEMENT CHARACTER}"
        for letter in text
    )


def number(value: float, language: Language, digits: int = 0) -> str:
    text = f"{value:,.{digits}f}"
    if language == "ru":
        return text.replace(",", _THIN_SPACE).replace(".", ",")
    return text


_SIZES = ((1e9, 1e9, ("G", "млрд")), (1e6, 1e6, ("M", "млн")), (1e4, 1e3, ("k", "тыс.")))


def scale_number(value: float, highest: float, language: Language) -> str:
    """A short label for a scale up to `highest`; all labels of a scale have the same unit."""
    for least, unit, letters in _SIZES:
        if highest >= least and value:
            return f"{_rounded(value / unit, language)} {letters[language == 'ru']}"
    return _rounded(value, language)


def _rounded(value: float, language: Language) -> str:
    """The number with as few digits as needed, at most four."""
    digits = next((digits for digits in range(4) if abs(value - round(value, digits)) <= abs(value) / 1e6), 4)
    return number(value, language, digits)


def short_day(value: date, language: Language) -> str:
    return value.strftime("%d.%m" if language == "ru" else "%d %b")


def day(value: date, language: Language) -> str:
    return value.strftime("%d.%m.%Y") if language == "ru" else value.isoformat()


def span(first: date, last: date, language: Language) -> str:
    return f"{day(first, language)} – {day(last, language)}"
