#!/usr/bin/env bash
set -euo pipefail
url=$ASSISTANTS_URL

# Log in: the token is the value of "access_token".
token=$(curl -sS --fail-with-body "$url/api/users/auth/login" \
  -H 'Content-Type: application/json' \
  -d "{\"email\": \"$ASSISTANTS_EMAIL\", \"password\": \"$ASSISTANTS_PASSWORD\"}" |
  sed -E 's/.*"access_token": *"([^"]+)".*/\1/')

# Ask the assistant.
curl -sS --fail-with-body "$url/api/ai/chat" \
  -H "Authorization: Bearer $token" \
  -H 'Content-Type: application/json' \
  -d '{"message": "How do I post a document from code?"}'
echo

# The companies of the 1C base.
curl -sS --fail-with-body "$url/api/1c/companies" -H "Authorization: Bearer $token"
echo
