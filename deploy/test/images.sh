# Images from Debian's packages, for those that the product takes from a registry. Sourced by `run`.

certificates=/etc/ssl/certs/ca-certificates.crt

make_images() {
    docker image inspect test/debian >/dev/null 2>&1 || make_debian || return
    # The Rust image is made of the toolchain's folder, the others of nothing but packages.
    make_image rust "$(rustc --print sysroot)" || return
    mkdir -p "$work/empty"
    local version
    version=$(sed -n 's,.*bugsink/bugsink:\([0-9.]*\).*,\1,p' docker-compose.yml)
    for name in mongodb rabbitmq; do
        make_image "$name" "$work/empty" || return
    done
    # What it is tested with alone is skipped without it.
    make_image bugsink "$work/empty" --build-arg "BUGSINK_VERSION=$version" || true
}

make_debian() {
    say "debootstrap"
    local root=$work/debian
    debootstrap --variant=minbase "$(. /etc/os-release && echo "$VERSION_CODENAME")" "$root" >"$work/debootstrap.log" 2>&1 || {
        tail -n 5 "$work/debootstrap.log"
        return 1
    }
    cp "$certificates" "$root/certificates.crt"
    tar --create --directory "$root" --exclude=./var/cache/apt/archives/*.deb . | docker import \
        --change 'ENV SSL_CERT_FILE=/certificates.crt PIP_CERT=/certificates.crt CARGO_HTTP_CAINFO=/certificates.crt' \
        --change 'ENV DEBIAN_FRONTEND=noninteractive CARGO_HOME=/usr/local/cargo' \
        --change 'ENV PATH=/usr/local/cargo/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' \
        - test/debian >/dev/null
    rm -rf "$root"
}

# `make_image NAME CONTEXT OPTION…`
make_image() {
    local name=$1 context=$2
    shift 2
    say "image test/$name"
    # BuildKit, since it leaves out the stages that the target does not need, and the files that nothing copies.
    DOCKER_BUILDKIT=1 docker build --quiet --target "$name" --tag "test/$name" --file deploy/test/images.Dockerfile "$@" "$context" >"$work/$name.log" 2>&1 || {
        tail -n 20 "$work/$name.log"
        return 1
    }
}
