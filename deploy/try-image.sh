#!/usr/bin/env bash
# Tries the container image without Docker: builds its file tree, runs the gateway in it as the image would (in a chroot, as a
# user without rights, with everything but the ledger's volume read-only), and makes a call through it to a tool outside.
#
#   deploy/try-image.sh BINARY
#
# Needs root (chroot), python3 and curl.
set -euo pipefail

readonly user=65532
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
binary="${1:?usage: deploy/try-image.sh BINARY}"

scratch="$(mktemp -d)"
tree="$scratch/image"
gateway=""
tool=""
end() {
    [[ -z "$gateway" ]] || kill "$gateway" 2>/dev/null || true
    [[ -z "$tool" ]] || kill "$tool" 2>/dev/null || true
    rm -rf "$scratch"
}
trap end EXIT
# Others must be able to enter the folder that the user is put into.
chmod 0755 "$scratch"

"$here/image-tree.sh" "$binary" "$tree"

cat >"$scratch/tool.py" <<'PYTHON'
import http.server

class Tool(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = b'{"id":"7"}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Tool)
print(server.server_address[1], flush=True)
server.serve_forever()
PYTHON
python3 "$scratch/tool.py" >"$scratch/port" 2>/dev/null &
tool=$!

# await FILE PATTERN: waits until the file has a line of that form, and prints it.
await() {
    local line tries
    for ((tries = 0; tries < 300; tries++)); do
        if line="$(grep -m 1 -E "$2" "$1" 2>/dev/null)"; then
            printf '%s\n' "$line"
            return
        fi
        sleep 0.1
    done
    echo "no line like '$2' in 30 s:" >&2
    cat "$1" >&2
    return 1
}
port="$(await "$scratch/port" '^[0-9]+$')"

mkdir -p "$tree/etc/aegis"
cat >"$tree/etc/aegis/gateway.yaml" <<YAML
version: 1
data_dir: /var/lib/aegis/data
control: {listen: "127.0.0.1:0"}
gateway: {listen: [{address: "127.0.0.1:0"}]}
policy: {rules: rules.yaml}
routes:
  - name: crm
    match: {path_prefix: /crm}
    protocol: http
    capability_prefix: crm
    anonymous: {id: dev, type: ai-agent}
    upstream: {addresses: ["127.0.0.1:$port"]}
    operations:
      - {method: GET, path: "/crm/contacts/{id}", capability: crm.contacts.read}
      - {method: DELETE, path: "/crm/contacts/{id}", capability: crm.contacts.delete}
YAML
echo 'rules: [{name: reads, match: {type: "crm.*.read"}, approval: auto}]' >"$tree/etc/aegis/rules.yaml"

chroot --userspec="$user:$user" "$tree" /aegis check /etc/aegis/gateway.yaml
chroot --userspec="$user:$user" "$tree" /aegis serve --config /etc/aegis/gateway.yaml \
    >"$scratch/out" 2>"$scratch/log" &
gateway=$!
await "$scratch/out" '^ready$' >/dev/null
url="$(await "$scratch/out" '^gateway listening on ' | sed 's/^gateway listening on //')"

[[ "$(stat -c %u "/proc/$gateway")" == "$user" ]] || { echo "it runs as another user" >&2; exit 1; }
[[ "$(curl -fsS "$url/crm/contacts/7")" == '{"id":"7"}' ]] || { echo "the read was not answered" >&2; exit 1; }
status="$(curl -sS -o /dev/null -w '%{http_code}' -X DELETE "$url/crm/contacts/7")"
[[ "$status" == 403 ]] || { echo "the delete was answered with $status" >&2; exit 1; }

kill -TERM "$gateway"
wait "$gateway"
gateway=""
chroot --userspec="$user:$user" "$tree" /aegis audit verify /var/lib/aegis/data/ledger
# It wrote nowhere but in its volume.
written="$(find "$tree" -user "$user" -not -path "$tree/var/lib/aegis*" | head -n 3)"
[[ -z "$written" ]] || { echo "it owns files outside its volume: $written" >&2; exit 1; }
echo "the image's tree serves as user $user"
