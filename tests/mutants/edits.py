"""Files with many protections, and edits that take out what several tests stand for."""

from __future__ import annotations

from tests.mutants.protection import Edit

FIRE = "lambdas/jobs/fire.py"
SWEEP = "lambdas/jobs/sweep.py"
SETTLE = "lambdas/jobs/settle.py"
BURY = "lambdas/jobs/bury.py"
TELLING = "lambdas/jobs/telling.py"
HAND_OFF = "lambdas/jobs/hand_off.py"
OUTCOME = "lambdas/jobs/outcome.py"
STORE = "lambdas/adapters/dynamodb_job_store.py"
NEW_JOBS = "lambdas/adapters/dynamodb_new_jobs.py"
QUEUE = "lambdas/adapters/sqs_job_queue.py"

NO_OVERDUE = Edit(SWEEP, "    if look_for_overdue:\n", "    if look_for_overdue and False:\n")
ANY_FIRE_TIME = Edit(
    STORE,
    'condition="#fire_at = :fire_at AND #status = :scheduled",',
    'condition="(#fire_at = :fire_at OR #fire_at <> :fire_at) AND #status = :scheduled",',
)
A_DOUBLE_IS_FIRED = (
    Edit(FIRE, '        _drop(message, "double", worker)\n    return None', "        return found\n    return None"),
    Edit(FIRE, "latest_ms = (job.lease_until_ms or 0) - job.timeout_ms", "latest_ms = 10**15"),
)
NO_TAKE_OVER = Edit(FIRE, "    elif found.lease_lapsed(now_ms):\n", "    elif False:\n")
OUTAGES_ARE_DEFECTS = Edit(
    "lambdas/adapters/aws.py",
    '        raise unavailable(f"{error.operation_name}: {error_code(error)}") from error\n',
    "        raise\n",
)
THE_QUEUES_TROUBLE_IS_NOT_TOLD = Edit(
    HAND_OFF,
    "    return [message.due for message in queue.send(messages)] if messages else []",
    "    try:\n        queue.send(messages)\n    except Exception:\n        pass\n    return []",
)
MARKED_BEFORE_TOLD = Edit(
    TELLING,
    "    herald.alerts.send(notice_of(_in_full(job, herald)))\n    _note(job, herald)\n",
    "    _note(job, herald)\n    herald.alerts.send(notice_of(_in_full(job, herald)))\n",
)
WINDOW_NOTED_BEFORE_TOLD = Edit(
    TELLING,
    "    crowd = herald.groups.waiting(key, window_ms=group.until_ms)\n",
    "    crowd = herald.groups.waiting(key, window_ms=group.until_ms)\n"
    "    herald.groups.write(key, replace(told(group), version=group.version + 1), now_ms=herald.clock.now_ms())\n",
)
LETTERS_ARE_LET_GO = Edit(
    BURY,
    "            kept.append(letter)\n        except Exception",
    "            pass\n        except Exception",
)
RECEIPT_APART = Edit(
    NEW_JOBS,
    "        table.put_together([ConditionalPut(item, _NEW), _put_of(receipt)])\n",
    "        table.put_together([ConditionalPut(item, _NEW)])\n        keep(table, receipt)\n",
)
ANY_RECEIPT = Edit(
    NEW_JOBS,
    '_UNUSED = "attribute_not_exists(#pk) OR #made_at <= :lapsed"',
    '_UNUSED = "attribute_not_exists(#pk) OR #made_at <= :lapsed OR attribute_exists(#pk)"',
)
ANY_CERTIFICATE = Edit(
    "lambdas/adapters/guarded_tls.py",
    "    context.minimum_version = ssl.TLSVersion.TLSv1_2\n",
    "    context.minimum_version = ssl.TLSVersion.TLSv1_2\n"
    "    context.check_hostname = False\n    context.verify_mode = ssl.CERT_NONE\n",
)
NO_OWNER_IN_LISTS = (
    Edit(
        "lambdas/adapters/dynamodb_job_list.py",
        'for item in found if item.get("owner") == owner}',
        "for item in found}",
    ),
    Edit(
        "lambdas/adapters/dynamodb_job_list.py",
        "    return job.owner == query.owner and asked_for",
        "    return asked_for",
    ),
)
NO_RECEIPT = Edit(
    NEW_JOBS,
    "        table.put_together([ConditionalPut(item, _NEW), _put_of(receipt)])\n",
    "        table.put_together([ConditionalPut(item, _NEW)])\n",
)
