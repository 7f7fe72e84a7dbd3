"""Protections against outages (F20–F23 of docs/guarantees.md), each with the edit that takes it out."""

from __future__ import annotations

from tests.mutants.edits import (
    FIRE,
    LETTERS_ARE_LET_GO,
    MARKED_BEFORE_TOLD,
    NO_OVERDUE,
    THE_QUEUES_TROUBLE_IS_NOT_TOLD,
    WINDOW_NOTED_BEFORE_TOLD,
)
from tests.mutants.protection import Edit, Protection, taking_out

OUTAGES = (
    taking_out(
        "F20",
        "an outage is told from a defect at the door",
        "lambdas/handlers/front.py",
        "    except Unavailable as error:\n",
        "    except ZeroDivisionError as error:\n",
        "handlers/test_api.py::test_the_table_being_away_is_503_with_a_time_to_come_back",
    ),
    taking_out(
        "F20",
        "a service that cannot be reached is an outage",
        "lambdas/adapters/aws.py",
        "        raise unavailable(type(error).__name__) from error\n",
        "        raise\n",
        "adapters/test_aws.py::test_what_cannot_be_reached_is_unavailable",
    ),
    taking_out(
        "F20",
        "messages are kept while the table is away",
        FIRE,
        "error=str(error))\n        return False\n    except Exception as error:",
        "error=str(error))\n        return True\n    except Exception as error:",
        "handlers/test_fire.py::test_a_message_comes_again_while_the_table_is_away",
    ),
    Protection(
        "F20",
        "letters are kept while the table is away",
        (LETTERS_ARE_LET_GO,),
        ("jobs/test_bury.py::test_a_table_that_is_away_keeps_every_letter",),
    ),
    Protection(
        "F20",
        "messages are kept, and what is overdue is found",
        (
            Edit(
                FIRE,
                "error=str(error))\n        return False\n    except Exception as error:",
                "error=str(error))\n        return True\n    except Exception as error:",
            ),
            NO_OVERDUE,
        ),
        ("test_journey.py::test_twelve_minutes_of_an_outage_fail_no_job",),
    ),
    taking_out(
        "F20",
        "deliveries enough for an outage",
        "infra/channels.py",
        "_RECEIVES_BEFORE_DEAD = 10",
        "_RECEIVES_BEFORE_DEAD = 9",
        "infra/test_channels.py::test_an_outage_of_twelve_minutes_uses_up_no_message",
    ),
    Protection(
        "F21",
        "the overdue query",
        (NO_OVERDUE,),
        ("test_journey.py::test_an_hour_without_the_queue_loses_nothing",),
    ),
    Protection(
        "F21",
        "a queue that is away is told, so that no mark passes",
        (THE_QUEUES_TROUBLE_IS_NOT_TOLD,),
        (
            "jobs/test_sweep.py::test_a_queue_that_is_away_fails_the_sweep_and_moves_no_mark",
            "jobs/test_hand_off.py::test_a_queue_that_is_away_is_told",
        ),
    ),
    Protection(
        "F22",
        "letters are kept while nobody can be told",
        (LETTERS_ARE_LET_GO,),
        (
            "test_journey.py::test_an_hour_without_alerts_leaves_nobody_untold",
            "jobs/test_bury.py::test_an_alert_that_cannot_be_sent_keeps_the_letter",
        ),
    ),
    Protection(
        "F22",
        "an alert is sent before it is marked",
        (MARKED_BEFORE_TOLD,),
        ("jobs/test_bury.py::test_an_alert_is_sent_before_it_is_marked_sent",),
    ),
    Protection(
        "F22",
        "jobs that are told together are told before their window is noted",
        (WINDOW_NOTED_BEFORE_TOLD,),
        ("jobs/test_telling.py::test_an_alert_that_is_refused_keeps_the_crowd_together",),
    ),
    taking_out(
        "F22",
        "a refusal of SNS is told",
        "lambdas/adapters/sns_alerts.py",
        "        with outages_as(AlertsUnavailable):\n",
        '        with __import__("contextlib").suppress(Exception):\n',
        "adapters/test_sns_alerts.py::test_a_refusal_makes_the_alerts_unavailable",
    ),
    taking_out(
        "F22",
        "a message that comes again sees that somebody was told of its target",
        FIRE,
        "    elif message.receive_count > 1 and claim.found is not None:\n",
        "    elif False:\n",
        "jobs/test_breaker_telling.py::test_if_no_other_job_comes_the_message_of_the_one_that_made_the_change_tells_it",
    ),
    taking_out(
        "F22",
        "a success is told before it is marked",
        FIRE,
        "        worker.alerts.send(notice_of(job))\n"
        "        worker.store.mark_alerted(job, now_ms=worker.clock.now_ms())\n",
        "        worker.store.mark_alerted(job, now_ms=worker.clock.now_ms())\n"
        "        worker.alerts.send(notice_of(job))\n",
        "jobs/test_fire.py::test_a_success_that_could_not_be_told_is_told_when_the_message_comes_again",
    ),
    taking_out(
        "F22",
        "what nobody listens to is not sent there",
        "lambdas/adapters/sns_alerts.py",
        "            if self._is_confirmed((alert.owner, alert.email)):\n",
        "            if True:\n",
        "contracts/test_alerts.py::test_what_nobody_listens_to_comes_to_the_operators",
    ),
    taking_out(
        "F22",
        "an owner's setting that cannot be read is waited for",
        "lambdas/jobs/owners_alerts.py",
        "    except DamagedItem:\n",
        "    except (DamagedItem, StoreUnavailable):\n",
        "jobs/test_owners_alerts.py::test_a_setting_that_cannot_be_read_keeps_message_and_letter_until_it_can",
    ),
    Protection(
        "F23",
        "an alert is sent before it is marked",
        (MARKED_BEFORE_TOLD,),
        (
            "test_journey.py::test_a_burier_that_dies_half_way_leaves_nobody_untold",
            "jobs/test_bury.py::test_an_alert_is_sent_before_it_is_marked_sent",
        ),
    ),
    Protection(
        "F23",
        "jobs that are told together are told before their window is noted",
        (WINDOW_NOTED_BEFORE_TOLD,),
        ("jobs/test_telling.py::test_whoever_dies_while_telling_is_followed_by_another",),
    ),
)
