"""Protections of what is sent, and where (T1–T4 of docs/guarantees.md), each with the edit that takes it out."""

from __future__ import annotations

from tests.mutants.protection import Edit, Protection, taking_out

GATE = "lambdas/adapters/guarded_connection.py"
WIRE = "lambdas/adapters/wire_request.py"
HEADERS = "lambdas/jobs/headers.py"

ANY_ADDRESS = Edit(
    GATE,
    "            if not self.policy.allows(ip, target.port, target.name):\n",
    "            if False:\n",
)

SENDING = (
    taking_out(
        "T1",
        "the door refuses inside addresses",
        "lambdas/jobs/destination.py",
        "    elif not is_public(host):\n",
        "    elif False:\n",
        "corpus/test_addresses.py::test_each_address_meets_its_verdict_at_its_stage",
        "corpus/test_addresses.py::test_the_doors_check_alone_stops_all_that_it_can_see",
        "corpus/test_spellings.py::test_no_spelling_of_an_inside_ipv4_address_passes",
        "corpus/test_spellings.py::test_no_spelling_of_an_inside_ipv6_address_passes",
    ),
    Protection(
        "T1",
        "addresses are checked before a connection is made",
        (ANY_ADDRESS,),
        ("corpus/test_addresses.py::test_the_sockets_check_alone_lets_nothing_reach_an_inside_address",),
    ),
    Protection(
        "T2",
        "every address of a name is checked",
        (ANY_ADDRESS,),
        ("corpus/test_addresses.py::test_the_sockets_check_alone_lets_nothing_reach_an_inside_address",),
    ),
    taking_out(
        "T2",
        "the address that was checked is connected to",
        GATE,
        "return self.dial(ip, target.port, share)",
        "return self.dial(target.host, target.port, share)",
        "corpus/test_addresses.py::test_each_address_meets_its_verdict_at_its_stage",
    ),
    taking_out(
        "T2",
        "the tables of what is not public",
        "lambdas/jobs/addresses.py",
        "        return not any(address in block for block in _NOT_PUBLIC_V4)\n",
        "        return True\n",
        "corpus/test_addresses.py::test_the_sockets_check_alone_lets_nothing_reach_an_inside_address",
    ),
    taking_out(
        "T2",
        "a name is looked up for each attempt",
        GATE,
        "            found = look_ups.ask(target.host, target.port, seconds)\n",
        '            kept, asked = globals().setdefault("_kept", {}), (target.host, target.port)\n'
        "            found = kept.get(asked) or kept.setdefault(asked, look_ups.ask(*asked, seconds))\n",
        "adapters/test_http_sender_guard.py::test_a_name_is_looked_up_anew_for_every_attempt",
    ),
    taking_out(
        "T2",
        "no address of a name goes unchecked",
        GATE,
        "        for ip in addresses:\n",
        "        for ip in addresses[:1]:\n",
        "adapters/test_http_sender_hostile_names.py::test_of_a_thousand_addresses_every_one_is_checked",
        "corpus/test_spellings.py::test_a_name_that_leads_to_an_inside_address_is_not_connected_to",
        "corpus/test_addresses.py::test_the_sockets_check_alone_lets_nothing_reach_an_inside_address",
    ),
    taking_out(
        "T2",
        "where a connection leads is checked once more",
        GATE,
        "        if port != target.port or not self.policy.allows(ip, port, target.name):\n",
        "        if port != target.port:\n",
        "adapters/test_http_sender_guard.py::test_a_connection_that_leads_elsewhere_gets_nothing",
    ),
    taking_out(
        "T3",
        "redirects are not followed",
        "lambdas/adapters/http_sender.py",
        "            response, truncated = self._adapter.read(self._wire.prepared, self._sock)\n",
        "            response, truncated = self._adapter.read(self._wire.prepared, self._sock)\n"
        "            if response.is_redirect:\n"
        '                response = __import__("requests").get(response.headers["location"])\n',
        "adapters/test_http_sender_hostile.py::test_a_redirect_is_an_answer",
    ),
    taking_out(
        "T3",
        "the environment's proxies and netrc are not read",
        WIRE,
        "data=request.body).prepare()",
        'data=request.body)\n    prepared = __import__("requests").Session().prepare_request(prepared)',
        "adapters/test_http_sender_guard.py::test_proxies_and_netrc_of_the_environment_are_not_heard",
    ),
    taking_out(
        "T3",
        "the api knows its own host",
        "infra/front_door.py",
        'own_hosts = ",".join([_domain_of(self.api), *settings.own_hosts])',
        'own_hosts = ",".join(settings.own_hosts)',
        "infra/test_front_door.py::test_the_api_knows_its_own_host_so_that_no_job_may_call_it",
    ),
    taking_out(
        "T3",
        "the door refuses this service's own hosts",
        "lambdas/jobs/destination.py",
        "    if rules.own(host, port):\n",
        "    if False:\n",
        "corpus/test_addresses.py::test_each_address_meets_its_verdict_at_its_stage",
    ),
    taking_out(
        "T4",
        "headers are checked where the bytes are made",
        WIRE,
        "        if not _TOKEN.fullmatch(name) or not _HEADER_VALUE.fullmatch(value):\n",
        "        if False:\n",
        "adapters/test_http_sender_request.py::test_a_header_that_would_change_the_message_is_a_defect",
    ),
    taking_out(
        "T4",
        "a URL goes out byte for byte",
        WIRE,
        "_request_target(str(prepared.url))",
        "prepared.path_url",
        "handlers/test_round_trips.py::test_what_is_sent_is_what_was_accepted",
    ),
    taking_out(
        "T4",
        "a header goes out once",
        WIRE,
        '        if name.lower() in seen or name.lower().startswith("proxy-"):\n',
        "        if False:\n",
        "adapters/test_http_sender_request.py::test_a_header_that_is_there_twice_is_a_defect",
    ),
    taking_out(
        "T4",
        "headers that are not the users' to set",
        HEADERS,
        "    return plain in _DENIED or plain.startswith(_DENIED_PREFIXES)\n",
        "    return False and bool(plain)\n",
        "jobs/test_headers.py::test_headers_that_are_not_the_users_to_set_are_refused",
        "corpus/test_requests.py::test_each_request_is_taken_as_it_should_be",
    ),
    taking_out(
        "T4",
        "methods are those of the list",
        "lambdas/jobs/requested.py",
        "    if method not in METHODS:\n",
        "    if False:\n",
        "corpus/test_requests.py::test_each_request_is_taken_as_it_should_be",
    ),
)
