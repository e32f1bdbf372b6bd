# shellcheck shell=bash
# Functions for containers that put secrets into files in memory. A secret never becomes an argument or an environment
# variable of a process, or part of a ConfigMap. SECRETS_DIR has a file for each secret.

# Prints a secret; accepts only characters that need no quoting anywhere.
secret() {
  local value
  value=$(<"$SECRETS_DIR/$1")
  if [[ ! $value =~ ^[A-Za-z0-9._~/+=-]+$ ]]; then
    echo "secret $1: is empty or has a character that is neither a letter nor a digit nor one of . _ ~ / + = -" >&2
    return 1
  fi
  printf '%s' "$value"
}

# Prints a template with each @NAME@ replaced by the secret of that name; fails when one is left over.
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
