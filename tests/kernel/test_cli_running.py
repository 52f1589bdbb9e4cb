"""Commands that talk to a running daemon."""

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys

import pytest
