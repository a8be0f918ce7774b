#!/usr/bin/env python3
"""Runs a tool of sipvicious from an address of its own, which svwar and svcrack of 0.3.8 take no notice of (-b), and under another
name than its own if one is given. Usage: sipvicious_tool.py TOOL ADDRESS NAME ARGUMENTS…"""

import functools
import importlib
import socket
import sys

from sipvicious.libs import svhelper

tool, address, name = sys.argv[1:4]


class Bound(socket.socket):
    def bind(self, place):
        super().bind((address, place[1]))


socket.socket = Bound
if name:
    svhelper.makeRequest = functools.partial(svhelper.makeRequest, useragent=name)
module = importlib.import_module(f"sipvicious.{tool}")
sys.argv = [tool, "-x", address, *sys.argv[4:]]
sys.exit(module.main())
