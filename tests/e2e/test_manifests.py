"""The Kubernetes base renders, is valid, and fits the services that it runs."""

import shutil
import subprocess
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

from restock.serving.settings import ServiceSettings
from services.gateway.settings import GatewaySettings
from services.profile_store.settings import ProfileStoreSettings
from trainer.__main__ import options

ROOT = Path(__file__).parents[2]
PORTS = {"gateway": 50051, "profile-store": 50052, "candidate-gen": 50053, "reranker": 50054}
METRICS_PORTS = {"gateway": 9101, "profile-store": 9102, "candidate-gen": 9103, "reranker": 9104}
PROTO_NAMES = {
    "gateway": "restock.v1.RecommendationService",
    "profile-store": "restock.v1.ProfileStoreService",
    "candidate-gen": "restock.v1.CandidateGenService",
    "reranker": "restock.v1.RerankerService",
}
OLDEST_KUBERNETES = "1.27"


def rendered(folder: str) -> list[dict]:
    if shutil.which("kubectl") is None:
        pytest.skip("wants kubectl, to render the manifests")
    done = subprocess.run(
        ["kubectl", "kustomize", ROOT / folder], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    return list(yaml.safe_load_all(done.stdout))


@pytest.fixture(scope="module")
def base() -> list[dict]:
    return rendered("deploy/k8s/base")


def named(manifests: list[dict], kind: str) -> dict[str, dict]:
    return {each["metadata"]["name"]: each for each in manifests if each["kind"] == kind}


def pods(manifests: list[dict]) -> dict[str, dict]:
    templates = {
        **named(manifests, "Deployment"),
        **named(manifests, "StatefulSet"),
        **{name: cron["spec"]["jobTemplate"] for name, cron in named(manifests, "CronJob").items()},
    }
    return {name: each["spec"]["template"]["spec"] for name, each in templates.items()}


@pytest.mark.parametrize("version", [OLDEST_KUBERNETES, kubernetes_validate.latest_version()])
def test_every_manifest_is_known_and_has_no_unknown_field(base, version):
    for manifest in base:
        kubernetes_validate.validate(manifest, version, strict=True)


def test_every_pod_runs_without_rights(base):
    for name, pod in pods(base).items():
        assert pod["securityContext"]["runAsNonRoot"] is True, name
        assert pod["securityContext"]["runAsUser"] >= 999, name
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert pod["automountServiceAccountToken"] is False, name
        assert pod["serviceAccountName"] == name
        for container in pod["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }, name
            assert set(container["resources"]["requests"]) == {"cpu", "memory"}, name
            assert "memory" in container["resources"]["limits"], name


def test_the_namespace_admits_restricted_pods_only(base):
    labels = named(base, "Namespace")["restock"]["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"


def test_services_do_not_read_variables_that_kubernetes_sets_for_other_services(base):
    assert all(pod["enableServiceLinks"] is False for pod in pods(base).values())


@pytest.mark.parametrize("name", PORTS)
def test_a_service_has_two_pods_and_keeps_one_when_a_node_is_drained(base, name):
    assert named(base, "Deployment")[name]["spec"]["replicas"] == 2
    assert named(base, "PodDisruptionBudget")[name]["spec"]["minAvailable"] == 1


@pytest.mark.parametrize("name", PORTS)
def test_readiness_asks_for_the_service_and_liveness_for_the_process(base, name):
    container = pods(base)[name]["containers"][0]
    assert container["readinessProbe"]["grpc"] == {
        "port": PORTS[name],
        "service": PROTO_NAMES[name],
    }
    assert container["livenessProbe"]["grpc"] == {"port": PORTS[name]}
    assert container["startupProbe"]["grpc"] == {"port": PORTS[name]}


@pytest.mark.parametrize("name", PORTS)
def test_prometheus_is_told_the_metrics_port(base, name):
    deployment = named(base, "Deployment")[name]
    annotations = deployment["spec"]["template"]["metadata"]["annotations"]
    assert annotations["prometheus.io/port"] == str(METRICS_PORTS[name])
    ports = {
        port["name"]: port["containerPort"] for port in pods(base)[name]["containers"][0]["ports"]
    }
    assert ports["grpc"] == PORTS[name]
    assert ports["metrics"] == METRICS_PORTS[name]


@pytest.mark.parametrize("name", PORTS)
def test_a_pod_has_more_time_to_end_than_drain_and_grace(base, name):
    settings = next(each["data"] for each in base if each["kind"] == "ConfigMap")
    wanted = float(settings["RESTOCK_DRAIN_SECONDS"]) + float(settings["RESTOCK_GRACE_SECONDS"])
    assert pods(base)[name]["terminationGracePeriodSeconds"] > wanted + 5


@pytest.mark.parametrize("leaf", ["profile-store", "candidate-gen", "reranker"])
def test_the_gateway_finds_all_pods_of_a_leaf_by_dns(base, leaf):
    container = pods(base)["gateway"]["containers"][0]
    given = {each["name"]: each["value"] for each in container["env"]}
    variable = f"RESTOCK_GATEWAY_{leaf.replace('-', '_').upper()}_ADDRESS"
    assert given[variable] == f"dns:///{leaf}:{PORTS[leaf]}"
    assert named(base, "Service")[leaf]["spec"]["clusterIP"] == "None"


def test_every_variable_of_the_gateway_and_profile_store_is_a_setting_of_theirs(base):
    fields = {
        "gateway": GatewaySettings.model_fields,
        "profile-store": ProfileStoreSettings.model_fields,
    }
    for name, known in fields.items():
        prefix = f"RESTOCK_{name.replace('-', '_').upper()}_"
        for each in pods(base)[name]["containers"][0]["env"]:
            assert each["name"].removeprefix(prefix).lower() in known


def test_every_shared_variable_is_a_setting_of_all_services(base):
    shared = next(each["data"] for each in base if each["kind"] == "ConfigMap")
    aliases = {str(field.validation_alias) for field in ServiceSettings.model_fields.values()}
    assert set(shared) <= aliases


def test_the_trainer_takes_the_arguments_that_it_is_given(base):
    given = options().parse_args(pods(base)["trainer"]["containers"][0]["args"])
    assert given.activate
    assert str(given.transactions) == "/purchases/transactions.parquet"


def test_only_the_trainer_may_write_models(base):
    for name, pod in pods(base).items():
        for mount in pod["containers"][0]["volumeMounts"]:
            if mount["name"] == "models":
                assert mount["mountPath"] == "/data/models"
                assert mount.get("readOnly", False) == (name != "trainer"), name


def test_redis_keeps_what_was_acknowledged(base):
    args = pods(base)["redis"]["containers"][0]["args"]
    options = dict(zip(args[::2], args[1::2], strict=True))
    assert options["--appendonly"] == "yes"
    assert options["--maxmemory-policy"] == "noeviction"


def test_every_selector_names_pods_that_exist(base):
    labels = [
        each["spec"]["template"]["metadata"]["labels"]
        for each in [*named(base, "Deployment").values(), *named(base, "StatefulSet").values()]
    ]
    for service in named(base, "Service").values():
        wanted = service["spec"]["selector"].items()
        assert any(wanted <= each.items() for each in labels), service["metadata"]["name"]


def let_in(base: list[dict], pod: str) -> list[dict]:
    """Whom the policies let in to a pod's port for calls."""
    labels = {"app.kubernetes.io/name": pod}.items()
    callers = []
    for policy in named(base, "NetworkPolicy").values():
        selector = policy["spec"]["podSelector"]
        chosen = selector.get("matchLabels", {}).items() <= labels and all(
            each["operator"] == "In" and dict(labels).get(each["key"]) in each["values"]
            for each in selector.get("matchExpressions", [])
        )
        for rule in policy["spec"].get("ingress", []) if chosen else []:
            if {"port": "grpc"} in rule["ports"]:
                callers += rule["from"]
    return callers


GATEWAY_ALONE = {
    "podSelector": {
        "matchExpressions": [
            {"key": "app.kubernetes.io/name", "operator": "In", "values": ["gateway"]}
        ]
    }
}
WRITER = {"podSelector": {"matchLabels": {"restock-event-writer": "true"}}}
CALLERS = {"namespaceSelector": {"matchLabels": {"restock-caller": "true"}}}


def test_only_the_gateway_and_pods_labelled_as_event_writers_reach_the_profile_store(base):
    writers = [WRITER, {**CALLERS, **WRITER}]
    allowed = let_in(base, "profile-store")
    assert [each for each in allowed if each not in writers] == [GATEWAY_ALONE]
    assert [each for each in allowed if each in writers] == writers


@pytest.mark.parametrize("leaf", ["candidate-gen", "reranker"])
def test_the_label_of_event_writers_opens_no_other_leaf(base, leaf):
    assert let_in(base, leaf) == [GATEWAY_ALONE]


def test_a_caller_of_another_namespace_reaches_the_gateway_without_the_label_of_event_writers(base):
    assert CALLERS in let_in(base, "gateway")
