//! From a cloud's keys to settings under the names of the environment, so that one set of rules decides what they mean.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::layer::Layer;
use super::scalar::Scalar;
use super::yaml::{Kind, Node};
use crate::openrc::names;
use crate::openrc::place::Place;
use crate::openrc::reading::Setting;
use crate::openrc::text::Text;
use crate::openrc::value::Why;

/// Keys of which the one outside of `auth` goes first (`_fix_backwards_auth`).
const OUTER_FIRST: &[&str] = &[
    "project_id",
    "project_name",
    "tenant_id",
    "tenant_name",
    "domain_id",
    "domain_name",
    "user_domain_id",
    "user_domain_name",
    "project_domain_id",
    "project_domain_name",
    "token",
    "auth_token",
    "passcode",
];

/// Keys that are looked for outside of `auth` alone.
const OUTER: &[&str] = &[
    "auth_type",
    "auth_plugin",
    "identity_api_version",
    "interface",
    "endpoint_type",
    "cacert",
    "cert",
    "key",
    "insecure",
    "verify",
    "default_domain",
];

/// Keys that are no setting, whatever they are called.
const NONE: &[&str] = &["cloud", "profile", "regions", "region_name", "name", "auth"];

/// Keys that name a file, in which `~` is the home folder.
const PATHS: &[&str] = &["cacert", "cert", "key"];

const NO_TEXT: &str = "a list or a map, where one value belongs";
const NO_BOOL: &str = "a value that is neither true nor false";
const BOOL: &str = "a word that YAML reads as true or false; put it in quotes";

/// The settings of `layer`, the region's name apart.
pub(crate) fn settings(layer: &Layer, home: &str) -> BTreeMap<String, Setting> {
    let mut found = BTreeMap::new();
    let keys: Vec<&String> = layer.top.keys().chain(layer.auth.keys()).collect();
    for key in keys.into_iter().filter(|key| !NONE.contains(&key.as_str())) {
        let variable = format!("OS_{}", key.to_ascii_uppercase());
        let node = if OUTER.contains(&key.as_str()) {
            layer.outer(key)
        } else if !layer.auth.contains_key(key) && !names::is_taken(&variable) {
            // `image_format` and its like.
            None
        } else if OUTER_FIRST.contains(&key.as_str()) {
            layer.outer_first(key)
        } else {
            layer.auth_first(key)
        };
        let Some(node) = node else { continue };
        if key == "verify" {
            verify(node, layer, home, &mut found);
        } else if let Some(setting) = setting(key, node, layer, home) {
            found.insert(variable, setting);
        }
    }
    found
}

fn setting(key: &str, node: &Rc<Node>, layer: &Layer, home: &str) -> Option<Setting> {
    let place = node.place;
    Some(match &node.kind {
        Kind::Scalar(Scalar::Text(text)) if key == "insecure" => {
            match text.str().map(str::to_ascii_lowercase) {
                Some(word) if word == "true" || word == "false" => Setting::known(place, text.clone()),
                _ => Setting::open(place, Why::Other(NO_BOOL)),
            }
        }
        Kind::Scalar(Scalar::Text(text)) if key == "auth_url" && layer.auth.contains_key(key) => {
            formatted(place, text, layer)
        }
        Kind::Scalar(Scalar::Text(text)) if PATHS.contains(&key) => path(place, text, home),
        Kind::Scalar(Scalar::Bool(bool)) if key == "insecure" => Setting::known(place, word(*bool)),
        Kind::List(nodes) if key == "auth_methods" => {
            let words: Option<Vec<&str>> = nodes.iter().map(|node| node.text()).collect();
            match words {
                Some(words) => Setting::known(place, Text::of(words.join(",").as_bytes())),
                None => Setting::open(place, Why::Other(NO_TEXT)),
            }
        }
        Kind::Scalar(scalar) => plain(place, scalar)?,
        Kind::List(_) | Kind::Map(_) => Setting::open(place, Why::Other(NO_TEXT)),
    })
}

/// `None` for what is empty.
pub(crate) fn plain(place: Place, scalar: &Scalar) -> Option<Setting> {
    Some(match scalar {
        Scalar::Text(text) => Setting::known(place, text.clone()),
        Scalar::Bool(_) => Setting::open(place, Why::Other(BOOL)),
        Scalar::Other(why) => Setting::open(place, Why::Other(why)),
        Scalar::Merge => {
            Setting::open(place, Why::Other("a sign that YAML gives a meaning; put it in quotes"))
        }
        Scalar::Null => return None,
    })
}

/// True, false, or the path of a CA certificate where `cacert` names none.
fn verify(node: &Rc<Node>, layer: &Layer, home: &str, found: &mut BTreeMap<String, Setting>) {
    let place = node.place;
    match &node.kind {
        Kind::Scalar(Scalar::Bool(bool)) => {
            found.insert("OS_VERIFY".to_owned(), Setting::known(place, word(*bool)));
        }
        Kind::Scalar(Scalar::Text(text)) if text.str().is_some_and(|text| text.contains('/')) => {
            if layer.outer("cacert").is_none() {
                found.insert("OS_CACERT".to_owned(), path(place, text, home));
            }
        }
        _ => {
            found.insert("OS_VERIFY".to_owned(), Setting::open(place, Why::Other(NO_BOOL)));
        }
    }
}

fn word(bool: bool) -> Text {
    Text::of(if bool { b"true" } else { b"false" })
}

fn path(place: Place, text: &Text, home: &str) -> Setting {
    let text = match text.str() {
        Some("~") => Text::of(home.as_bytes()),
        Some(path) if path.starts_with("~/") => {
            Text::of(format!("{}{}", home.trim_end_matches('/'), &path[1..]).as_bytes())
        }
        _ => text.clone(),
    };
    Setting::known(place, text)
}

/// `https://{region_name}.example`: the keys outside of `auth` are filled in.
fn formatted(place: Place, text: &Text, layer: &Layer) -> Setting {
    let open = || Setting::open(place, Why::Other("a name in braces that is no key of the cloud"));
    let Some(text) = text.str() else { return open() };
    let mut url = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        url.push_str(&rest[..at]);
        rest = &rest[at..];
        if rest.starts_with("{{") || rest.starts_with("}}") {
            url.push_str(&rest[..1]);
            rest = &rest[2..];
            continue;
        }
        let Some((name, after)) = rest.strip_prefix('{').and_then(|rest| rest.split_once('}')) else {
            return open();
        };
        let Some(value) = layer.top.get(name).and_then(|node| node.text()) else { return open() };
        url.push_str(value);
        rest = after;
    }
    url.push_str(rest);
    Setting::known(place, Text::of(url.as_bytes()))
}
