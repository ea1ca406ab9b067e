/**
 * The way of a connection; each phase permits less than the one before:
 *
 *     new ──start──▶ reading ──last input──▶ answering ──all answered──▶ (LingeringClose) ──▶ closed
 *      └─stopReading─▶ stopped ──start──▶ ──┘   └─deadline─▶ expired ──all answered, in a hurry──┘
 *
 * Before `start` nothing is read or written; in `reading` requests are taken; after it only answered. The stream may
 * close at any time.
 */
export type ConnectionPhase = 'new' | 'stopped' | 'reading' | 'answering' | 'expired' | 'closed';
