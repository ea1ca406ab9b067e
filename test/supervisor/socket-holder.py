"""As systemd's socket activation: holds listening sockets, and starts a program that gets them from descriptor 3 on.

usage: socket-holder.py UNIX_PATH NAMES PROGRAM...   prints the TCP port; each line of input starts the program again.
"""
import os
import socket
import sys

path, names, *program = sys.argv[1:]
tcp = socket.create_server(("127.0.0.1", 0))
unix = socket.socket(socket.AF_UNIX)
unix.bind(path)
unix.listen(16)
print(tcp.getsockname()[1], flush=True)

for _ in sys.stdin:
    child = os.fork()
    if child == 0:
        os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="2", LISTEN_FDNAMES=names)
        held = [os.dup(listener.fileno()) for listener in (tcp, unix)]
        for place, descriptor in enumerate(held):
            os.dup2(descriptor, 3 + place, inheritable=True)
        os.execvp(program[0], program)
    os.waitpid(child, 0)
    print("ended", flush=True)
