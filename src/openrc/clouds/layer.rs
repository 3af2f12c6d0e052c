//! One cloud's keys, laid over each other as openstacksdk does: `auth` key by key, all else whole. It knows no key's meaning.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::yaml::{Kind, Node};
use crate::openrc::text::Text;

/// The keys of a cloud, with `_` for `-`.
#[derive(Clone, Default)]
pub(crate) struct Layer {
    pub(crate) top: BTreeMap<String, Rc<Node>>,
    pub(crate) auth: BTreeMap<String, Rc<Node>>,
}

impl Layer {
    pub(crate) fn of(cloud: &Node) -> Layer {
        let mut layer = Layer { top: keys(cloud.entries()), auth: BTreeMap::new() };
        if let Some(auth) = layer.top.remove("auth") {
            layer.auth = keys(auth.entries());
        }
        layer
    }

    /// Lays `upper` over it. A key that is there and empty takes away what lies below.
    pub(crate) fn cover(&mut self, upper: Layer) {
        self.top.extend(upper.top);
        self.auth.extend(upper.auth);
    }

    /// The same for the values of a region, of which empty ones do nothing.
    pub(crate) fn cover_with_region(&mut self, upper: Layer) {
        let is_set = |(_, node): &(String, Rc<Node>)| !node.is_null();
        self.top.extend(upper.top.into_iter().filter(is_set));
        self.auth.extend(upper.auth);
    }

    /// The value that counts where those outside of `auth` go first, as they do for projects and domains.
    pub(crate) fn outer_first(&self, key: &str) -> Option<&Rc<Node>> {
        filled(self.top.get(key)).or_else(|| filled(self.auth.get(key)))
    }

    /// The value that counts for every other key of a login.
    pub(crate) fn auth_first(&self, key: &str) -> Option<&Rc<Node>> {
        filled(self.auth.get(key)).or_else(|| filled(self.top.get(key)))
    }

    pub(crate) fn outer(&self, key: &str) -> Option<&Rc<Node>> {
        filled(self.top.get(key))
    }
}

fn keys(entries: &[(Text, Rc<Node>)]) -> BTreeMap<String, Rc<Node>> {
    let named = |(key, node): &(Text, Rc<Node>)| Some((key.str()?.replace('-', "_"), Rc::clone(node)));
    entries.iter().filter_map(named).collect()
}

fn filled(node: Option<&Rc<Node>>) -> Option<&Rc<Node>> {
    node.filter(|node| !node.is_null() && node.text() != Some(""))
}

/// A region of a cloud: its name, and what it lays over the cloud.
pub(crate) struct Region {
    pub(crate) name: Option<Rc<Node>>,
    pub(crate) values: Layer,
}

/// The regions that this layer names, `None` if it says nothing of them. A region without a name is skipped.
pub(crate) fn regions(layer: &Layer) -> Option<Vec<Region>> {
    let list = layer.top.get("regions").or_else(|| layer.top.get("region_name"))?;
    let nodes = match &list.kind {
        Kind::List(nodes) => nodes.as_slice(),
        _ => std::slice::from_ref(list),
    };
    let region = |node: &Rc<Node>| match &node.kind {
        Kind::Map(_) => {
            let values = node.get("values").map(|values| Layer::of(values)).unwrap_or_default();
            Some(Region { name: Some(Rc::clone(node.get("name")?)), values })
        }
        _ => filled(Some(node)).map(|node| Region { name: Some(Rc::clone(node)), values: Layer::default() }),
    };
    Some(nodes.iter().filter_map(region).collect())
}
