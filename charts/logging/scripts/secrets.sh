# shellcheck shell=bash
# Functions for the containers that put secrets into files in memory. A secret becomes neither an argument nor an
# environment variable of a process, and never part of a ConfigMap. SECRETS_DIR has one file a secret.

# Prints a secret. Only characters that need no quoting anywhere are accepted.
secret() {
  local value
  value=$(<"$SECRETS_DIR/$1")
  if [[ ! $value =~ ^[A-Za-z0-9._~/+=-]+$ ]]; then
    echo "secret $1: is empty or has a character that is neither a letter nor a digit nor one of . _ ~ / + = -" >&2
    return 1
  fi
  printf '%s' "$value"
}

# Prints a template with each @NAME@ replaced by the secret of that name; one that is left over is an error.
fill() {
  local text path name value
  text=$(<"$1")
  for path in "$SECRETS_DIR"/*; do
    name=${path##*/}
    if [[ $text != *"@$name@"* ]]; then continue; fi
    value=$(secret "$name")
    text=${text//"@$name@"/"$value"}
  done
  if [[ $text =~ @[a-z_-]+@ ]]; then
    echo "$1: there is no secret for ${BASH_REMATCH[0]}" >&2
    return 1
  fi
  printf '%s\n' "$text"
}
