// Times in tables come from the database's clock, the one clock that all processes share.

/** SQL for "now" as a BIGINT of milliseconds since 1970. */
export const NOW_MS = 'CAST(ROUND(UNIX_TIMESTAMP(NOW(3)) * 1000) AS SIGNED)';
