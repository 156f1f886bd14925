# syntax=docker/dockerfile:1
# Builds for the platform it runs on; for both: docker buildx build --platform linux/amd64,linux/arm64 .

FROM rust:1.95-bookworm AS build
WORKDIR /src

# Dependencies first, against empty sources: this layer changes only with the manifests.
COPY Cargo.toml Cargo.lock ./
COPY tests/discord_emulator/Cargo.toml tests/discord_emulator/Cargo.toml
RUN mkdir -p src tests/bench tests/figures tests/bot tests/demo tests/discord_emulator/src \
    && touch src/lib.rs tests/discord_emulator/src/lib.rs tests/bot/main.rs \
    && echo 'fn main() {}' | tee src/main.rs tests/bench/main.rs tests/figures/main.rs > tests/demo/main.rs \
    && cargo build --profile image --locked --bin muster \
    && rm -r src

COPY build.rs .
COPY migrations migrations
COPY config config
COPY src src
# The empty sources may be newer than the real ones, by which cargo would take them for built.
RUN touch src/lib.rs src/main.rs && cargo build --profile image --locked --bin muster

# A root with the program, the shared libraries that it names, and nothing else: no shell, no package manager. The
# certificates of Discord's authorities are compiled in; glibc's own resolver reads files and asks DNS.
RUN mkdir -p /rootfs/usr/bin /rootfs/etc /rootfs/data /rootfs/tmp \
    && cp target/image/muster /rootfs/usr/bin/muster \
    && ldd target/image/muster | grep -o '/[^ ]*' | xargs -I{} cp --parents -L {} /rootfs \
    && echo 'hosts: files dns' > /rootfs/etc/nsswitch.conf \
    && echo 'muster:x:10001:10001:Muster:/data:/nonexistent' > /rootfs/etc/passwd \
    && echo 'muster:x:10001:' > /rootfs/etc/group \
    && chmod 1777 /rootfs/tmp && chmod 700 /rootfs/data && chown -R 10001:10001 /rootfs/data

FROM scratch
COPY --from=build /rootfs/ /
ENV MUSTER__STORAGE__DATA_DIR=/data
USER 10001:10001
VOLUME /data
EXPOSE 9464
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 CMD ["/usr/bin/muster", "healthcheck"]
ENTRYPOINT ["/usr/bin/muster"]
CMD ["run"]
