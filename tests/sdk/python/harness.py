"""Starts and stops the programs under test: the upstream server and the gateway in front of it.

Ports are chosen by the system and read from what the programs print; nothing here sleeps or polls.
"""

import atexit
import hashlib
import os
import queue
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

HERE = Path(__file__).resolve().parent
START_S = 60
STOP_S = 60

# Two callers with a key each, and somebody who approves calls.
KEYS = {
    "alice": "key-of-alice-0123456789abcdef",
    "bob": "key-of-bob-0123456789abcdef",
    "ops": "key-of-ops-0123456789abcdef",
}

# The same server behind five routes: one denies with a tool result, one with a JSON-RPC error, one wants a key; on two more,
# which want one too, calls that need a person are told so at once, or wait for one.
GATEWAY_YAML = """\
version: 1
stage: dev
data_dir: {data_dir}
control:
  listen: 127.0.0.1:0
  keys:
    - {{id: alice, hash: "sha256:{alice}"}}
    - {{id: bob, hash: "sha256:{bob}"}}
    - {{id: ops, hash: "sha256:{ops}", scopes: ["holds:approve"]}}
gateway:
  listen: [{{address: "127.0.0.1:0"}}]
  hosts: ["127.0.0.1"]
routes:
  - name: files
    match: {{path_prefix: /mcp/files}}
    protocol: mcp
    capability_prefix: files
    upstream: {{addresses: ["127.0.0.1:{port}"], path: /mcp}}
    anonymous: {{id: dev-agent, type: ai-agent}}
  - name: strict
    match: {{path_prefix: /mcp/strict}}
    protocol: mcp
    capability_prefix: strict
    upstream: {{addresses: ["127.0.0.1:{port}"], path: /mcp}}
    anonymous: {{id: dev-agent, type: ai-agent}}
    denial: {{mcp: jsonrpc_error}}
  - name: keyed
    match: {{path_prefix: /mcp/keyed}}
    protocol: mcp
    capability_prefix: keyed
    upstream: {{addresses: ["127.0.0.1:{port}"], path: /mcp}}
  - name: told
    match: {{path_prefix: /mcp/told}}
    protocol: mcp
    capability_prefix: told
    upstream: {{addresses: ["127.0.0.1:{port}"], path: /mcp}}
    hold: {{wait_ms: 0}}
  - name: waiting
    match: {{path_prefix: /mcp/waiting}}
    protocol: mcp
    capability_prefix: waiting
    upstream: {{addresses: ["127.0.0.1:{port}"], path: /mcp}}
    hold: {{wait_ms: 15000}}
policy:
  rules: rules.yaml
  default: deny
"""

RULES_YAML = """\
version: 1
defaults: {approval: block}
rules:
  - {name: no_deletes, match: {type: "*.delete_*"}, risk_level: critical, approval: block}
  - {name: reads, match: {type: "*.read_file"}, risk_level: low, approval: auto}
  - {name: search, match: {type: "*.search_*"}, approval: auto}
  - {name: reports, match: {type: "*.slow_report"}, approval: auto}
  - {name: questions, match: {type: "*.ask_owner"}, approval: auto}
  - {name: summaries, match: {type: "*.summarize"}, approval: auto}
  - {name: news, match: {type: "*.publish"}, approval: auto}
  - {name: small_writes, match: {type: "*.write_file"}, conditions: {param_lte: {size: 100}}, approval: auto}
  - {name: mail_needs_a_person, match: {type: "*.send_email"}, risk_level: high, approval: approve}
  - {name: no_salaries, match: {type: "*.resources.read", target: "docs://salaries"}, approval: block}
  - {name: handbook, match: {type: "*.resources.read", target: "docs://handbook"}, approval: auto}
  - {name: summary_prompt, match: {type: "*.prompts.get", target: summary}, approval: auto}
"""


class Program:
    """A child process whose stdout is read line by line and whose stderr goes to a file."""

    def __init__(self, command: list[str], folder: Path, name: str) -> None:
        self.name = name
        self.log = folder / f"{name}.stderr"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True
            )
        # A test that fails before `stop` leaves no process behind.
        atexit.register(self.process.kill)
        self._lines: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=self._drain, daemon=True).start()

    def line(self, pattern: str) -> re.Match[str]:
        """The next line of stdout that matches; other lines are passed over."""
        seen = []
        while True:
            try:
                line = self._lines.get(timeout=START_S)
            except queue.Empty:
                line = None
            if line is None:
                raise AssertionError(f"{self.name} never printed {pattern!r}; it printed {seen}\n{self._errors()}")
            if match := re.search(pattern, line):
                return match
            seen.append(line)

    def stop(self) -> int:
        """Ends the program with SIGTERM and returns its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout=STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"{self.name} did not end on SIGTERM\n{self._errors()}") from None

    def _drain(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line.rstrip("\n"))
        self._lines.put(None)

    def _errors(self) -> str:
        return self.log.read_text(errors="replace")[-4000:]


class Upstream(Program):
    """`server.py`, asked directly at `url`."""

    def __init__(self, folder: Path) -> None:
        super().__init__([sys.executable, str(HERE / "server.py")], folder, "server")
        self.port = int(self.line(r"^LISTENING (\d+)$")[1])
        self.origin = f"http://127.0.0.1:{self.port}"
        self.url = f"{self.origin}/mcp"


class Gateway(Program):
    """`aegis serve --config gateway.yaml` in front of the upstream, with a data folder of its own."""

    def __init__(self, folder: Path, upstream: Upstream) -> None:
        self.binary = os.environ.get("AEGIS_BIN")
        if not self.binary:
            raise AssertionError("set AEGIS_BIN to the aegis binary under test")
        self.folder = folder
        self.data_dir = folder / "aegis-data"
        hashes = {name: hashlib.sha256(key.encode()).hexdigest() for name, key in KEYS.items()}
        config = GATEWAY_YAML.format(data_dir=self.data_dir, port=upstream.port, **hashes)
        (folder / "gateway.yaml").write_text(config)
        (folder / "rules.yaml").write_text(RULES_YAML)
        super().__init__([self.binary, "serve", "--config", "gateway.yaml"], folder, "gateway")
        self.control = self.line(r"^control listening on (http://127\.0\.0\.1:\d+)$")[1]
        self.base = self.line(r"^gateway listening on (http://127\.0\.0\.1:\d+)$")[1]
        self.line(r"^ready$")
        self.files = f"{self.base}/mcp/files"
        self.strict = f"{self.base}/mcp/strict"
        self.keyed = f"{self.base}/mcp/keyed"
        self.told = f"{self.base}/mcp/told"
        self.waiting = f"{self.base}/mcp/waiting"

    def stop_and_verify(self) -> str:
        """Stops the gateway, which must end well, and checks its ledger offline; returns what the check printed."""
        status = self.stop()
        assert status == 0, f"the gateway ended with {status}\n{self._errors()}"
        command = [self.binary, "audit", "verify", str(self.data_dir / "ledger")]
        check = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, timeout=STOP_S)
        assert check.returncode == 0, f"audit verify ended with {check.returncode}: {check.stdout}{check.stderr}"
        return check.stdout
