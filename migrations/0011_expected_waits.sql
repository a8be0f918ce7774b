-- How long the caller was expected to wait as the visit began: on the average, at most half of such callers, at most nine of ten.
ALTER TABLE segment ADD COLUMN expected_ms {{INT}};
ALTER TABLE segment ADD COLUMN expected_p50_ms {{INT}};
ALTER TABLE segment ADD COLUMN expected_p90_ms {{INT}};
