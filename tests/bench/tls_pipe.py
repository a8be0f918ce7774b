#!/usr/bin/env python3
"""A stream in the clear to one in TLS: SIPp of Debian speaks no TLS. Usage: tls_pipe.py OWN_PORT HOST PORT"""

import asyncio
import ssl
import sys

READ_OCTETS_MAX = 65_536


async def carry(source, sink):
    while data := await source.read(READ_OCTETS_MAX):
        # What SIPp calls TCP is TLS on the wire (RFC 3261 18.1.1).
        sink.write(data.replace(b"Via: SIP/2.0/TCP", b"Via: SIP/2.0/TLS"))
        await sink.drain()
    sink.close()


async def main(own_port, host, port):
    # The server's certificate is one that it made itself; here only its cost matters.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE

    async def join(near_in, near_out):
        far_in, far_out = await asyncio.open_connection(host, port, ssl=context)
        await asyncio.gather(carry(near_in, far_out), carry(far_in, near_out), return_exceptions=True)

    server = await asyncio.start_server(join, host, own_port)
    print("ready", flush=True)
    async with server:
        await server.serve_forever()


asyncio.run(main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
