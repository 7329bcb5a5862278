# A Docker engine of the test's own, and what it leaves behind undone. Sourced by `run`.

engine=$work/engine
export DOCKER_HOST=unix://$engine/docker.sock

start_engine() {
    mkdir -p "$engine"
    iptables-save >"$engine/iptables"
    forwarding=$(cat /proc/sys/net/ipv4/ip_forward)
    docker0=$(ip link show docker0 2>/dev/null || true)
    # Its own configuration file, so that the machine's does not count.
    echo '{}' >"$engine/daemon.json"
    dockerd --config-file "$engine/daemon.json" --host "$DOCKER_HOST" --data-root "$engine/data" \
        --exec-root "$engine/exec" --pidfile "$engine/dockerd.pid" >"$engine/log" 2>&1 &
    dockerd=$!
    for _ in $(seq 60); do
        docker info >/dev/null 2>&1 && return
        kill -0 "$dockerd" 2>/dev/null || break
        sleep 1
    done
    return 1
}

stop_engine() {
    [ -n "${dockerd:-}" ] || return 0
    kill "$dockerd" 2>/dev/null && wait "$dockerd" 2>/dev/null
    # What dockerd leaves on the machine when it ends.
    iptables-restore <"$engine/iptables"
    echo "$forwarding" >/proc/sys/net/ipv4/ip_forward
    [ -n "$docker0" ] || ip link delete docker0 2>/dev/null
    find /sys/fs/cgroup -depth -type d -path '*/docker/*' -exec rmdir {} + 2>/dev/null
    find /sys/fs/cgroup -depth -type d -name docker -exec rmdir {} + 2>/dev/null
    awk -v work="$work/" 'index($2, work) == 1 { print $2 }' /proc/mounts | sort -r | xargs -r umount
    dockerd=
}
