/** The answer to HELP. A lone `.` ends it, like every answer of several lines. */
export const HELP = `pkixd line protocol: one command a line; LF or CRLF ends a line.

VERIFY [id=NAME] [profile=NAME] [purpose=serverAuth|clientAuth|…|OID]
       [host=DNS-NAME]… [ip=ADDRESS]… [email=ADDRESS]…
       [at=2026-03-31T12:00:00Z] [revocation=hard|grace|soft|off]
  then PEM blocks, the certificate in question first, further certificates, CRLs and OCSP
  responses in any order;
  then, where the listener permits it, a line "anchors:" and the trust anchors to use;
  then a line with a lone "." as terminator.
  Answer, one line: ID STATUS CODE {JSON}
    STATUS is valid, invalid or indeterminate; "error" when the request itself was wrong.
    Answers come in the order of the requests; requests may be sent without waiting for answers.

PING     answers PONG
STATUS   statistics, a line each, where the listener permits it
HELP     this text
QUIT     answers BYE and closes, after the answers still owed
.
`;
