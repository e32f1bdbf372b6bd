from contract_testing.failures import failures_in, with_variables, without_known

OUTPUT = """\
Schemathesis v4
=================================== FAILURES ===================================
__________________________________ POST /chat __________________________________
1. Test Case ID: ZnbQul

- ST201 Schema-violating request accepted

Identity: user (reproduce with --auth-wfc-user user)

Reproduce with:

    curl -H 'Authorization: Bearer a.b.c' 'http://127.0.0.1:1/chat?a=b'

    st replay ZnbQul

=================================== SUMMARY ====================================
1 failure
"""
CHAT = f"{'_' * 34} POST /chat {'_' * 34}"
MODELS = f"{'_' * 34} GET /models {'_' * 33}"


def test_only_failures_are_left_and_nothing_that_ends_with_the_run() -> None:
    text = failures_in(OUTPUT)
    assert text.startswith(CHAT)
    assert text.endswith("'http://127.0.0.1:1/chat?a=b'")
    for gone in ("ZnbQul", "Identity", "SUMMARY", "Schemathesis v4"):
        assert gone not in text


def test_output_without_a_section_of_failures_is_kept() -> None:
    assert failures_in("Loading Error: connection refused\n") == "Loading Error: connection refused"


def test_commands_take_address_and_token_from_variables() -> None:
    text = with_variables(failures_in(OUTPUT), "http://127.0.0.1:1", {"user": "a.b.c"}, "user")
    assert """curl -H "Authorization: Bearer $USER_TOKEN" "$URL"'/chat?a=b'""" in text
    other = with_variables(failures_in(OUTPUT), "http://127.0.0.1:1", {"user": "x.y.z"}, "admin")
    assert '"Authorization: Bearer $ADMIN_TOKEN"' in other
    assert "a.b.c" not in other
    assert with_variables("curl http://h/x", "http://h", {}, "user") == 'curl "$URL"/x'


def test_what_another_identity_met_is_not_told_again() -> None:
    known: set[str] = set()
    first = f"{CHAT}\n- ST201 one\n"
    assert without_known(first, known) == first.strip()
    assert without_known(f"{first}{MODELS}\n- ST201 one\n", known) == f"{MODELS}\n- ST201 one"
    assert without_known(f"{CHAT}\n- ST999 two\n", known) == f"{CHAT}\n- ST999 two"
    assert without_known("schemathesis did not end", known) == "schemathesis did not end"
