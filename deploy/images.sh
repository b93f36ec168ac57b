#!/usr/bin/env bash
# Builds the images restock/<service>:<tag>.
#   deploy/images.sh [service ...]     all five when none is named; TAG chooses the tag (default: dev)
set -euo pipefail
cd "$(dirname "$0")/.."
tag=${TAG:-dev}
if [ $# -eq 0 ]; then
    set -- gateway candidate_gen reranker profile_store trainer
fi
for service in "$@"; do
    more=()
    if [ "$service" = trainer ]; then
        # Its ALS is compiled with OpenMP, whose library the slim image leaves out.
        more=(--build-arg EXTRAS=train --build-arg SYSTEM_PACKAGES=libgomp1)
    fi
    image=restock/${service//_/-}:$tag
    echo "building $image"
    DOCKER_BUILDKIT=1 docker build --quiet --file deploy/Dockerfile \
        --build-arg "SERVICE=$service" "${more[@]}" --tag "$image" . >/dev/null
done
docker image ls --filter "reference=restock/*:$tag" --format 'table {{.Repository}}:{{.Tag}}\t{{.Size}}'
