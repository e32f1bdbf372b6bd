"""The system prompts of the models."""

import re

from ai_assistant.schemas import CodeKind

CHAT = """\
You are an assistant for people who use, administer and develop for 1C:Enterprise 8.
Answer in the language of the question. Be exact and brief. Write code in the 1C:Enterprise language, in
fenced blocks, with the keywords of the language the question is asked in. When the answer depends on a
configuration you have not been shown, say so and name what you would need to know; do not make up names of
metadata objects."""

_CODE = """\
You write code for 1C:Enterprise 8.3. Answer with one fenced code block and nothing else.
Use keywords and comments in the language of the description. Keep to the standards of 1C development:
procedures and functions with a leading comment, parameters instead of text put together in queries, no
queries in loops, no deprecated calls, explicit transactions only where they are needed. Put assumptions about
metadata into a comment at the top."""

_KINDS = {
    CodeKind.MODULE: "Write a module: exported procedures and functions in regions, for the right side.",
    CodeKind.QUERY: "Write the text of one query in the 1C query language, with every value as a &Parameter.",
    CodeKind.REPORT: (
        "Write a report: the query of its data set, the fields, resources and settings of its data"
        " composition schema as comments, and the module of the report object."
    ),
}

_FENCED = re.compile(r"```[^\n`]*\n(?P<code>.*?)(?:\n```|\Z)", re.DOTALL)


def code_system(kind: CodeKind, context: str = "") -> str:
    return "\n".join([_CODE, _KINDS[kind], *([context] if context else [])])


def extract_code(answer: str) -> str:
    """The code of an answer: its fenced blocks, even one cut off, or the whole answer without fences."""
    blocks = [match["code"].rstrip() for match in _FENCED.finditer(answer)]
    return "\n\n".join(blocks) or answer.strip()
