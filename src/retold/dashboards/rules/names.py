"""The names of recorded series, in the form `level:metric:operations`. Alerts and boards ask for them.

Windows in names are those without a time scale: a rehearsal asks for the same names.
"""

from __future__ import annotations

CALLS = "job_operation:retold_calls:rate5m"
FIRST_TRY_SUCCESSES = "job_operation:retold_first_try_successes:rate5m"
GIVE_UPS = "job_operation:retold_give_ups:rate5m"
ATTEMPTS = "job_operation:retold_attempts:rate5m"
ATTEMPT_ERRORS = "job_operation:retold_attempt_errors:rate5m"
RETRIES = "job_operation:retold_retries:rate5m"
ERROR_RETRIES = "job_operation:retold_error_retries:rate5m"
WAITING_TIME = "job_operation:retold_retry_delay_seconds:rate5m"

ACTIVE = "job_operation:retold_call_active:sum"
WAITING = "job_operation:retold_call_waiting:sum"

NOT_RETRYABLE_SHARE = "job_operation:retold_not_retryable_per_call:ratio_rate5m"
SICK_SHARE = "job_operation:retold_retryable_errors_per_attempt:ratio_rate5m"
RESCUED_SHARE = "job_operation:retold_rescued_per_retried_call:ratio_rate5m"
WAITING_SHARE = "job_operation:retold_waiting_per_call_time:ratio_rate5m"

MISSES_5M = "job_operation:retold_misses_per_call:ratio_rate5m"
MISSES_30M = "job_operation:retold_misses_per_call:ratio_rate30m"
MISSES_1H = "job_operation:retold_misses_per_call:ratio_rate1h"
MISSES_6H = "job_operation:retold_misses_per_call:ratio_rate6h"
MISSED_1H = "job_operation:retold_misses:increase1h"
MISSED_6H = "job_operation:retold_misses:increase6h"

USUAL_CALLS = f"{CALLS}_usual"
USUAL_ATTEMPTS = f"{ATTEMPTS}_usual"
USUAL_FIRST_TRY_SUCCESSES = f"{FIRST_TRY_SUCCESSES}_usual"
USUAL_NOT_RETRYABLE_SHARE = f"{NOT_RETRYABLE_SHARE}_usual"
