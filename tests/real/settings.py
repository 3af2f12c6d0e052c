"""What openstacksdk and the openstack client make of settings: a line of JSON for each line of JSON on standard input.

{"env": {…}} goes the way of `openstack`, {"cloud": NAME, "files": {"clouds.yaml": TEXT, …}} that of openstacksdk. The answer
is the request that would be sent, as the plugin itself writes it, or why there is none. Nothing is sent.
"""

import json
import os
import sys
import tempfile
import warnings

warnings.simplefilter("ignore")


class Caught(Exception):
    pass


class Session:
    """Catches the request."""

    def post(self, url, json=None, **kwargs):
        self.url, self.body = url, json
        raise Caught


def request(plugin):
    create = getattr(plugin, "create_plugin", None)
    if create:
        plugin = create(None, (3, 0), plugin.auth_url)
    session = Session()
    try:
        plugin.get_auth_ref(session)
    except Caught:
        return {"url": session.url, "body": session.body}
    raise RuntimeError("nothing was sent")


def answer(config, plugin, region):
    found = {
        "auth_type": config.get("auth_type"),
        "auth_url": getattr(plugin, "auth_url", None),
        "region": config.get("region_name") or None,
        "interface": config.get("interface"),
    }
    verify, cert = region.get_requests_verify_args()
    found["verify"], found["cert"] = verify, cert
    try:
        found["request"] = request(plugin)
    except Exception as error:
        found["request_error"] = f"{type(error).__name__}: {error}"
    return found


def of_environment(case):
    from openstackclient import shell
    from osc_lib.cli import client_config

    clean()
    os.environ.update(case["env"])
    client = shell.OpenStackShell()
    client.options, _ = client.parser.parse_known_args([])
    client._final_defaults()
    config = client_config.OSC_Config(
        config_files=[],
        secure_files=[],
        vendor_files=[],
        pw_func=lambda prompt: "typed",
        override_defaults={"interface": None, "auth_type": client._auth_type},
    )
    region = config.get_one(cloud=client.options.cloud, argparse=client.options, validate=False)
    plugin = config.load_auth_plugin(region.config)
    return answer(region.config, plugin, region)


def of_cloud(case):
    from openstack.config import loader

    clean()
    with tempfile.TemporaryDirectory() as folder:
        for name, text in case["files"].items():
            with open(os.path.join(folder, name), "w") as file:
                file.write(text)
        paths = lambda stem: [os.path.join(folder, f"{stem}.{end}") for end in ("yaml", "yml", "json")]
        config = loader.OpenStackConfig(
            config_files=paths("clouds"),
            secure_files=paths("secure"),
            vendor_files=paths("clouds-public"),
            load_envvars=False,
            pw_func=lambda prompt: "typed",
        )
        region = config.get_one(cloud=case["cloud"])
        found = answer(region.config, region._auth, region)
        found["regions"] = [each["name"] for each in config._get_regions(case["cloud"])]
        return found


def clean():
    for name in list(os.environ):
        if name.startswith("OS_"):
            del os.environ[name]


def main():
    for line in sys.stdin:
        case = json.loads(line)
        try:
            found = of_cloud(case) if "cloud" in case else of_environment(case)
        except SystemExit as error:
            found = {"error": f"exit {error}"}
        except Exception as error:
            found = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(found, default=str), flush=True)


main()
