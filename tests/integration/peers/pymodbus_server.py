#!/usr/bin/python3
"""A Modbus module by pymodbus 3.0 (Debian's python3-pymodbus), for tests.

usage: pymodbus_server.py [--on ADDRESS,…] tcp PORT UNIT      (port 0: any; it is printed)
       pymodbus_server.py [--on ADDRESS,…] rtu PATH BAUD UNIT

--on: these discrete inputs are on before it serves.

Prints "ready PORT" when it serves. Obeys lines on stdin and answers each with one line:
  input ADDRESS 0|1    sets a discrete input -> ok
  coil ADDRESS         -> 0 or 1
  force ADDRESS 0|1    sets a coil -> ok
  points N             from now on addresses from N on are refused -> ok
Ends when stdin does.
"""
import asyncio
import sys
import threading

from pymodbus.datastore import ModbusSequentialDataBlock, ModbusServerContext, ModbusSlaveContext
from pymodbus.server.async_io import ModbusSerialServer, ModbusTcpServer
from pymodbus.transaction import ModbusRtuFramer

POINTS = 1000
INPUTS, COILS = 2, 1  # the function codes by which pymodbus names its tables


def obey(store, line):
    words = line.split()
    if words[0] == "input":
        store.setValues(INPUTS, int(words[1]), [words[2] == "1"])
    elif words[0] == "force":
        store.setValues(COILS, int(words[1]), [words[2] == "1"])
    elif words[0] == "coil":
        return "1" if store.getValues(COILS, int(words[1]), 1)[0] else "0"
    elif words[0] == "points":
        for table in ("d", "c"):
            store.store[table].values = store.store[table].values[: int(words[1])]
    return "ok"


def obey_stdin(loop, store):
    for line in sys.stdin:
        done = asyncio.run_coroutine_threadsafe(answer(store, line), loop)
        done.result()
    loop.call_soon_threadsafe(loop.stop)


async def answer(store, line):
    print(obey(store, line), flush=True)


async def serve(arguments):
    on = []
    if arguments[0] == "--on":
        on, arguments = [int(address) for address in arguments[1].split(",")], arguments[2:]
    store = ModbusSlaveContext(
        di=ModbusSequentialDataBlock(0, [False] * POINTS), co=ModbusSequentialDataBlock(0, [False] * POINTS), zero_mode=True
    )
    for address in on:
        store.setValues(INPUTS, address, [True])
    context = ModbusServerContext(slaves={int(arguments[-1]): store}, single=False)
    if arguments[0] == "tcp":
        server = ModbusTcpServer(context, address=("127.0.0.1", int(arguments[1])), allow_reuse_address=True)
        serving = asyncio.ensure_future(server.serve_forever())
        await server.serving
        port = server.server.sockets[0].getsockname()[1]
    else:  # no parity: a pseudo-terminal has none
        server = ModbusSerialServer(
            context, framer=ModbusRtuFramer, port=arguments[1], baudrate=int(arguments[2]), parity="N", ignore_missing_slaves=True
        )
        await server.start()
        if server.transport is None:
            sys.exit(f"pymodbus can't open {arguments[1]}")
        serving = asyncio.ensure_future(server.serve_forever())
        port = 0
    print(f"ready {port}", flush=True)
    threading.Thread(target=obey_stdin, args=(asyncio.get_running_loop(), store), daemon=True).start()
    await serving


if __name__ == "__main__":
    try:
        asyncio.run(serve(sys.argv[1:]))
    except RuntimeError:  # the loop was stopped: stdin has ended
        pass
