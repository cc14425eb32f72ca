# syntax=docker/dockerfile:1

FROM rust:1.95-slim-bookworm AS build
WORKDIR /build

# It writes the list of all crates into the program, where scanners and the SBOM of `docker buildx build --sbom=true`
# find it; without it they know only Debian's packages.
RUN cargo install cargo-auditable --version 0.7.7 --locked --debug --target-dir /tmp/auditable \
    && rm -r /tmp/auditable

# The dependencies first, with stand-ins for our own code: this layer lasts until one of these files changes.
COPY Cargo.toml Cargo.lock ./
COPY .cargo/config.toml .cargo/
COPY sandbox/Cargo.toml sandbox/
COPY crates/cloudfront/Cargo.toml crates/cloudfront/
COPY crates/domain/Cargo.toml crates/domain/
COPY crates/edge/Cargo.toml crates/edge/
COPY crates/identity/Cargo.toml crates/identity/
COPY crates/outgoing/Cargo.toml crates/outgoing/
COPY crates/runtime/Cargo.toml crates/runtime/
COPY crates/store/Cargo.toml crates/store/
RUN mkdir -p src sandbox/src benches && for crate in crates/*; do mkdir $crate/src; done \
    && echo 'fn main() {}' | tee src/main.rs sandbox/src/main.rs \
    && for crate in . sandbox crates/*; do touch $crate/src/lib.rs; done \
    && sed -n '/^\[\[bench\]\]/{n;s|^name = "\(.*\)"$|benches/\1.rs|p}' Cargo.toml | xargs touch \
    && cargo auditable build --locked --profile dist --bin unstale \
    && rm -r src sandbox crates benches

COPY . .
# A file that is older than the stand-in's build would be taken for built.
RUN find src sandbox/src crates -name '*.rs' -exec touch {} + \
    && cargo auditable build --locked --profile dist --bin unstale \
    && mkdir /data


FROM debian:bookworm-slim
# The certificates are for AWS and for PostgreSQL over TLS.
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --create-home --shell /usr/sbin/nologin unstale
COPY --from=build /build/target/dist/unstale /usr/local/bin/unstale
COPY --from=build --chown=10001:10001 /data /data
COPY LICENSE-MIT LICENSE-APACHE /usr/share/doc/unstale/

# Labels of the Open Container Initiative; the release gives the version.
ARG VERSION=
LABEL org.opencontainers.image.title="Unstale" \
      org.opencontainers.image.description="The self-hosted desk where a team refreshes what Amazon CloudFront serves" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0" \
      org.opencontainers.image.version="$VERSION"

USER 10001:10001
WORKDIR /data
VOLUME /data
ENV UNSTALE_LISTEN=0.0.0.0:8080 \
    UNSTALE_DATABASE=sqlite:///data/unstale.db
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD ["unstale", "healthcheck"]
ENTRYPOINT ["unstale"]
CMD ["serve"]
