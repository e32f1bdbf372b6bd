import json
import os
import urllib.request

URL = os.environ["ASSISTANTS_URL"]


def call(path, body=None, token=None):
    """Sends a request and reads the JSON of its answer; an error raises urllib.error.HTTPError."""
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(URL + path, data, headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


account = {"email": os.environ["ASSISTANTS_EMAIL"], "password": os.environ["ASSISTANTS_PASSWORD"]}
token = call("/api/users/auth/login", account)["access_token"]

answer = call("/api/ai/chat", {"message": "How do I post a document from code?"}, token)
print(answer["message"])
for company in call("/api/1c/companies", token=token)["items"]:
    print(company["name"])
