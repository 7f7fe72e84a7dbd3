"""Protections of what signs users in (T16 of docs/guarantees.md), each with the edit that takes it out."""

from __future__ import annotations

from tests.mutants.protection import Edit, Protection, taking_out

CREDENTIALS = "punctual/cli/credentials.py"
FILES = "punctual/cli/files.py"
ISSUER = "punctual/issuer.py"
SIGN_IN = "punctual/sign_in.py"
TRANSPORT = "punctual/transport.py"

SIGNING_IN = (
    taking_out(
        "T16",
        "a code comes with the state of this sign-in",
        SIGN_IN,
        '        if not hmac.compare_digest(query.get("state", "").encode(), self._state.encode()):\n',
        '        if "state" not in query:\n',
        "cli/test_signing_in.py::test_somebody_elses_code_is_not_taken",
    ),
    taking_out(
        "T16",
        "each sign-in has a state of its own",
        SIGN_IN,
        "self._state = secrets.token_urlsafe(32)",
        'self._state = "s" * 43',
        "client/test_sign_in.py::test_no_two_sign_ins_share_a_state_or_a_challenge",
    ),
    taking_out(
        "T16",
        "each sign-in has a verifier of its own",
        SIGN_IN,
        "self._verifier = secrets.token_urlsafe(64)",
        'self._verifier = "v" * 86',
        "client/test_sign_in.py::test_no_two_sign_ins_share_a_state_or_a_challenge",
    ),
    taking_out(
        "T16",
        "the verifier stays here until the code has come",
        SIGN_IN,
        '"code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),\n'
        '                "code_challenge_method": "S256",\n',
        '"code_challenge": self._verifier,\n                "code_challenge_method": "plain",\n',
        "client/test_sign_in.py::test_the_verifier_is_not_in_the_address",
    ),
    taking_out(
        "T16",
        "the verifier goes with the code",
        SIGN_IN,
        "code=code, redirect_uri=CALLBACK, code_verifier=self._verifier\n",
        'code=code, redirect_uri=CALLBACK, code_verifier="v" * 86\n',
        "cli/test_signing_in.py::test_the_address_alone_is_enough",
    ),
    taking_out(
        "T16",
        "the callback is this machine's alone",
        "punctual/callback.py",
        '("127.0.0.1", CALLBACK_PORT)',
        '("0.0.0.0", CALLBACK_PORT)',
        "cli/test_signing_in.py::test_nobody_but_this_machine_is_listened_to",
    ),
    taking_out(
        "T16",
        "an issuer's addresses are safe ones",
        ISSUER,
        "    if not isinstance(url, str) or not is_safe(url):\n",
        "    if not isinstance(url, str):\n",
        "client/test_issuer.py::test_no_secret_goes_in_the_open",
    ),
    taking_out(
        "T16",
        "plain http is for this machine",
        ISSUER,
        '(parts.scheme == "https" or (parts.scheme == "http" and is_here(url)))',
        'parts.scheme in ("https", "http")',
        "client/test_issuer.py::test_secrets_travel_by_https_or_stay_here",
        "cli/test_profiles.py::test_what_cannot_be_is_told_before_anything_is_asked",
        "cli/test_profiles.py::test_no_token_goes_in_the_open",
    ),
    taking_out(
        "T16",
        "a token of the environment goes no unsafe way",
        CREDENTIALS,
        "    _check_way(url)\n",
        "",
        "cli/test_profiles.py::test_no_token_goes_in_the_open",
    ),
    taking_out(
        "T16",
        "passwords go to Cognito alone",
        ISSUER,
        'host.startswith("cognito-idp.") and host.endswith((".amazonaws.com", ".amazonaws.com.cn"))',
        'host.startswith("cognito-idp.")',
        "client/test_issuer.py::test_passwords_go_to_cognito_alone",
    ),
    taking_out(
        "T16",
        "no proxy is asked for this machine",
        TRANSPORT,
        "if proxy and host not in THIS_MACHINE and not",
        "if proxy and not",
        "client/test_transport.py::test_what_runs_on_this_machine_is_asked_without_a_proxy",
    ),
    Protection(
        "T16",
        "no redirect is followed with a token",
        (
            Edit(TRANSPORT, "                redirect=False,\n", "                redirect=True,\n"),
            Edit(TRANSPORT, "            redirect=0,\n", "            redirect=3,\n"),
        ),
        ("client/test_transport.py::test_an_answer_of_somebody_else_is_told_as_such",),
    ),
    Protection(
        "T16",
        "no redirect of an issuer is followed",
        (
            Edit(ISSUER, "                redirect=False,\n", "                redirect=True,\n"),
            Edit(ISSUER, "        redirect=0,\n", "        redirect=3,\n"),
        ),
        ("client/test_issuer.py::test_a_redirect_is_not_followed",),
    ),
    taking_out(
        "T16",
        "a file of secrets is its owner's alone",
        FILES,
        "        os.replace(unfinished, file)\n",
        "        os.replace(unfinished, file)\n        file.chmod(0o644)\n",
        "cli/test_signing_in.py::test_what_is_kept_is_for_its_owner_only",
    ),
    taking_out(
        "T16",
        "a folder of secrets is its owner's alone",
        FILES,
        "    make_private_folder(file.parent)\n    handle",
        "    file.parent.mkdir(parents=True, exist_ok=True)\n    handle",
        "cli/test_signing_in.py::test_what_is_kept_is_for_its_owner_only",
    ),
    taking_out(
        "T16",
        "a file that others can read is taken from them",
        FILES,
        "    file.chmod(0o600)\n",
        "",
        "cli/test_profiles.py::test_a_file_that_others_can_read_is_taken_from_them_with_a_warning",
    ),
    taking_out(
        "T16",
        "a token that cannot be one is not shown",
        CREDENTIALS,
        'f"{where} holds no token: it must',
        'f"{where} holds no token but {token}: it must',
        "cli/test_profiles.py::test_a_token_that_cannot_be_one_is_told_without_being_shown",
    ),
    taking_out(
        "T16",
        "a stack file is its owner's alone",
        "local/stack_file.py",
        "os.open(path, flags, 0o600)",
        "os.open(path, flags, 0o644)",
        "local/test_stack_file.py::test_it_is_written_whole_and_for_its_owner_only",
    ),
    taking_out(
        "T16",
        "a stack file names this machine",
        CREDENTIALS,
        "    if not is_here(url):\n",
        "    if False:\n",
        "cli/test_profiles.py::test_a_file_that_came_with_a_download_leads_nowhere_else",
    ),
    taking_out(
        "T16",
        "a sign-in goes before a stack file that lies around",
        CREDENTIALS,
        "    if default := profiles.default:\n",
        "    if (default := profiles.default) and stack_file(environment, folder) is None:\n",
        "cli/test_profiles.py::test_what_is_named_goes_before_what_is_set_and_that_before_what_is_found",
    ),
)
