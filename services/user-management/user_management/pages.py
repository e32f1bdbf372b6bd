"""The pages behind the links in mails.

The script is a separate file, because the edge's Content Security Policy allows no inline script.
"""

from base64 import b64encode
from hashlib import sha256

from starlette.responses import HTMLResponse, Response

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:26rem;margin:15vh auto;padding:0 1rem}"
    "label,input,button{display:block;width:100%;box-sizing:border-box;font:inherit}"
    "input,button{padding:.5rem;margin:.25rem 0 1rem}"
)
_STYLE_HASH = b64encode(sha256(_STYLE.encode()).digest()).decode()
_HEADERS = {
    "Content-Security-Policy": (
        f"default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'sha256-{_STYLE_HASH}';"
        " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<h1>{title}</h1>
{body}
</body>
</html>
"""
_FORM = """<form id="form" hidden>
<label for="password">New password, 12 characters or more</label>
<input id="password" name="password" type="password" autocomplete="new-password" minlength="12"
 maxlength="128" required>
<button>Save</button>
</form>
<p id="message" role="status"><noscript>This page needs JavaScript.</noscript></p>
<script src="reset.js"></script>"""
_CONFIRM = """<p>Somebody, probably you, has made an account with this e-mail address.</p>
<form id="form" hidden><button>Confirm the address</button></form>
<p id="message" role="status"><noscript>This page needs JavaScript.</noscript></p>
<script src="verify-email.js"></script>"""
# Older mails have the token in the query instead of after "#".
_SCRIPT = """"use strict";
const token = location.hash.slice(1) || new URLSearchParams(location.search).get("token");
history.replaceState(null, "", location.pathname);
const form = document.getElementById("form");
const message = document.getElementById("message");
if (token) form.hidden = false;
else message.textContent = "The link is not complete. Open the one in the mail.";
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const entered = Object.fromEntries(new FormData(form));
  try {
    const answer = await fetch(location.pathname, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ token, ...entered }),
    });
    if (answer.ok) {
      form.hidden = true;
      message.textContent = "DONE";
      return;
    }
    const problem = await answer.json();
    message.textContent = problem.errors?.[0]?.message ?? problem.detail ?? problem.title;
  } catch {
    message.textContent = "The platform cannot be reached. Try again.";
  }
});
"""


RESET_SCRIPT = _SCRIPT.replace("DONE", "The new password is saved. You can log in with it now.")
VERIFY_SCRIPT = _SCRIPT.replace("DONE", "Your e-mail address is confirmed. You can log in now.")


def reset_form() -> Response:
    return _page("New password", _FORM)


def confirm_form() -> Response:
    return _page("Confirm your e-mail address", _CONFIRM)


def script(text: str) -> Response:
    return Response(text, media_type="text/javascript", headers=_HEADERS)


def _page(title: str, body: str) -> Response:
    return HTMLResponse(_PAGE.format(title=title, style=_STYLE, body=body), headers=_HEADERS)
