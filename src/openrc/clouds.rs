//! A cloud of a clouds.yaml as settings, by the rules of openstacksdk: secure.yaml over clouds.yaml over the provider's
//! profile, `auth` key by key. Pure: the texts come in by argument, nothing is fetched, nothing is run.
//!
//! The rules are those of openstacksdk 4.22 (`openstack.config.loader`). What is done otherwise, and why: a file that cannot
//! be read as YAML is refused where openstacksdk goes on to the next; a key without a value counts as unset where openstacksdk
//! takes the word `None` for some; several regions become one profile where their settings are the same, where openstacksdk
//! takes the first; a profile that openstacksdk fetches is unknown.

mod layer;
mod scalar;
mod settings;
mod vendors;
mod yaml;

use std::collections::BTreeMap;
use std::rc::Rc;

use layer::{Layer, Region};
use yaml::Node;

use super::names;
use super::place::{Place, Reason, Refusal};
use super::reading::{Reading, Setting, printable};
use super::value::Why;
use super::warn::{self, Kind, Warning};

/// A file as it was found.
#[derive(Clone, Copy)]
pub struct CloudFile<'a> {
    pub path: &'a str,
    pub bytes: &'a [u8],
}

/// The files of one look-up.
#[derive(Debug, Clone, Copy)]
pub struct CloudFiles<'a> {
    pub clouds: Option<CloudFile<'a>>,
    pub secure: Option<CloudFile<'a>>,
    /// clouds-public.yaml: profiles of the user's own.
    pub public: Option<CloudFile<'a>>,
    /// What `~` is.
    pub home: &'a str,
}

impl std::fmt::Debug for CloudFile<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CloudFile({})", self.path)
    }
}

/// Why there is no such cloud.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CloudFault {
    #[error("{path}: {refusal}")]
    Refused { path: String, refusal: Refusal },
    /// With those that are there.
    #[error("no cloud has this name")]
    NoSuchCloud { known: Vec<String> },
    #[error("the provider {vendor} is gone: {message}")]
    Gone { vendor: &'static str, message: String },
}

/// The settings of the cloud that is called `name`: those of its first region, and the names of the regions that share them.
pub fn cloud(files: &CloudFiles<'_>, name: &str) -> Result<Reading, CloudFault> {
    let mut paths: Vec<String> = Vec::new();
    let mut read = |file: Option<CloudFile<'_>>| read(file, &mut paths);
    let (clouds, secure, public) = (read(files.clouds)?, read(files.secure)?, read(files.public)?);
    let all = [clouds, secure].map(|root| root.and_then(|root| root.get("clouds").cloned()));
    let mut own: Option<Layer> = None;
    for entry in all.iter().flatten().filter_map(|clouds| clouds.get(name)) {
        own.get_or_insert_default().cover(Layer::of(entry));
    }
    let Some(own) = own else { return Err(CloudFault::NoSuchCloud { known: known(&all) }) };
    let mut warnings = Vec::new();
    let vendor = vendor(&own, public.as_deref(), &mut paths, &mut warnings)?;
    let regions = layer::regions(&own).or_else(|| layer::regions(&vendor.layer)).unwrap_or_default();
    let mut base = vendor.layer;
    base.cover(own);
    let (settings, regions) = of_regions(&base, regions, files.home, &mut warnings);
    let mut reading = Reading { warnings, regions, ..Reading::of(settings, paths) };
    if let Some(place) = vendor.is_elsewhere {
        hang_on_vendor(&mut reading, place);
    }
    warn_of_values(&mut reading, vendor.file);
    Ok(reading)
}

fn read(file: Option<CloudFile<'_>>, paths: &mut Vec<String>) -> Result<Option<Rc<Node>>, CloudFault> {
    let Some(file) = file else { return Ok(None) };
    let number = paths.len() as u16;
    paths.push(file.path.to_owned());
    let refused = |refusal| CloudFault::Refused { path: file.path.to_owned(), refusal };
    let root = yaml::read(file.bytes, file.path.ends_with(".json"), number).map_err(refused)?;
    match root {
        Some(root) if !matches!(root.kind, yaml::Kind::Map(_)) => Err(refused(Refusal {
            place: root.place,
            reason: Reason::Syntax,
            what: "the file is no map of keys".to_owned(),
            hint: None,
        })),
        root => Ok(root),
    }
}

fn known(all: &[Option<Rc<Node>>]) -> Vec<String> {
    let entries = all.iter().flatten().flat_map(|clouds| clouds.entries());
    let mut known: Vec<String> = entries.filter_map(|(key, _)| key.str()).map(printable).collect();
    known.sort();
    known.dedup();
    known
}

/// What a provider says of itself.
#[derive(Default)]
struct FromVendor {
    layer: Layer,
    /// The number of its file, if osagent brings that along: its places are no user's.
    file: Option<u16>,
    /// Where the profile is named that would have to be fetched, and that nothing stands in for.
    is_elsewhere: Option<Place>,
}

fn vendor(
    own: &Layer,
    public: Option<&Node>,
    paths: &mut Vec<String>,
    warnings: &mut Vec<Warning>,
) -> Result<FromVendor, CloudFault> {
    let Some(named) = own.outer("profile").or_else(|| own.outer("cloud")) else {
        return Ok(FromVendor::default());
    };
    let name = named.text().unwrap_or("");
    if let Some(profile) = public.and_then(|public| public.get("public-clouds")).and_then(|all| all.get(name))
    {
        return Ok(FromVendor { layer: Layer::of(profile), ..FromVendor::default() });
    }
    let mut warn = |text: String| warnings.push(Warning { place: named.place, kind: Kind::Vendor, text });
    let Some(vendor) = vendors::find(name) else {
        let is_elsewhere = name.contains("://").then_some(named.place);
        match is_elsewhere {
            Some(_) => warn("the provider's profile lies on the network and is not fetched".to_owned()),
            None => {
                warn("no provider of this name is known; the cloud is taken as it stands here".to_owned())
            }
        }
        return Ok(FromVendor { is_elsewhere, ..FromVendor::default() });
    };
    let number = paths.len() as u16;
    paths.push(format!("the profile {} of openstacksdk", vendor.name));
    let root = yaml::read(vendor.text.as_bytes(), vendor.file.ends_with(".json"), number).ok().flatten();
    let Some(profile) = root.and_then(|root| root.get("profile").cloned()) else {
        return Ok(FromVendor::default());
    };
    let text = |key: &str| profile.get(key).and_then(|node| node.text()).unwrap_or("").to_owned();
    match text("status").as_str() {
        "shutdown" => return Err(CloudFault::Gone { vendor: vendor.name, message: text("message") }),
        "deprecated" => {
            warn(format!("openstacksdk says of the provider {}: {}", vendor.name, text("message")))
        }
        _ => {}
    }
    let layer = Layer::of(&profile);
    let mut is_elsewhere = None;
    if layer.top.contains_key("profile") {
        warn(format!(
            "what else {} says lies at {} and is not fetched (regions, for one)",
            vendor.name,
            text("profile")
        ));
        is_elsewhere = layer.auth.is_empty().then_some(named.place);
    }
    Ok(FromVendor { layer, file: Some(number), is_elsewhere })
}

/// The settings of the first region, and the names of those that share them.
fn of_regions(
    base: &Layer,
    regions: Vec<Region>,
    home: &str,
    warnings: &mut Vec<Warning>,
) -> (BTreeMap<String, Setting>, Vec<String>) {
    let mut first: Option<BTreeMap<String, Setting>> = None;
    let mut names = Vec::new();
    let whole = |region: &Region| region.name.clone().filter(|name| name.text().is_some());
    let regions = regions.into_iter().flat_map(split);
    for region in regions {
        let mut layer = base.clone();
        layer.cover_with_region(region.values.clone());
        layer.top.extend(region.name.clone().map(|name| ("region_name".to_owned(), name)));
        let mut found = settings::settings(&layer, home);
        let name = whole(&region);
        let text = name.as_ref().and_then(|name| name.text()).unwrap_or("").to_owned();
        match &first {
            None => {
                if let Some(node) = &region.name {
                    let setting = match &node.kind {
                        yaml::Kind::Scalar(scalar) => settings::plain(node.place, scalar),
                        _ => Some(Setting::open(node.place, Why::Other("a list or a map"))),
                    };
                    found.extend(setting.map(|setting| ("OS_REGION_NAME".to_owned(), setting)));
                }
                first = Some(found);
                names.push(text);
            }
            Some(first) if is_same(first, &found) => names.push(text),
            Some(_) => {
                let Some(node) = &region.name else { continue };
                let text = format!("the region {} is another login and is not taken", printable(&text));
                warnings.push(Warning { place: node.place, kind: Kind::Vendor, text });
            }
        }
    }
    (first.unwrap_or_else(|| settings::settings(base, home)), names)
}

/// `region_name: one,two`, an old way of writing a list.
fn split(region: Region) -> Vec<Region> {
    let Some(node) = region.name.clone().filter(|node| node.text().is_some_and(|text| text.contains(',')))
    else {
        return vec![region];
    };
    let parts = node.text().unwrap_or("").split(',').filter(|part| !part.is_empty());
    let named = |part: &str| {
        let kind = yaml::Kind::Scalar(scalar::Scalar::Text(super::text::Text::of(part.as_bytes())));
        Region { name: Some(Rc::new(Node { place: node.place, kind })), values: region.values.clone() }
    };
    parts.map(named).collect()
}

fn is_same(first: &BTreeMap<String, Setting>, other: &BTreeMap<String, Setting>) -> bool {
    let matters = |name: &&String| name.as_str() != "OS_REGION_NAME" && names::is_taken(name);
    let mut all = first.keys().chain(other.keys()).filter(matters);
    let text = |settings: &BTreeMap<String, Setting>, name: &String| {
        settings.get(name).map(|setting| setting.text().map(str::to_owned).map(zeroize::Zeroizing::new))
    };
    all.all(|name| text(first, name) == text(other, name))
}

/// What the profile that is not fetched may say.
fn hang_on_vendor(reading: &mut Reading, place: Place) {
    let is_set =
        |reading: &Reading, names: &[&str]| names.iter().any(|name| reading.settings.contains_key(*name));
    for (needed, by, all) in [
        ("OS_AUTH_URL", &[][..], &["OS_AUTH_URL"][..]),
        (
            "OS_USER_DOMAIN_NAME",
            &["OS_USERNAME", "OS_USER_NAME"],
            &["OS_USER_DOMAIN_NAME", "OS_USER_DOMAIN_ID", "OS_DOMAIN_NAME", "OS_DOMAIN_ID"],
        ),
        (
            "OS_PROJECT_DOMAIN_NAME",
            &["OS_PROJECT_NAME", "OS_TENANT_NAME"],
            &["OS_PROJECT_DOMAIN_NAME", "OS_PROJECT_DOMAIN_ID", "OS_DOMAIN_NAME", "OS_DOMAIN_ID"],
        ),
    ] {
        if !is_set(reading, all) && (by.is_empty() || is_set(reading, by)) {
            let why = Why::Other("the provider's profile, which is not fetched");
            reading.settings.insert(needed.to_owned(), Setting::open(place, why));
        }
    }
}

fn warn_of_values(reading: &mut Reading, vendor: Option<u16>) {
    let mut found = Vec::new();
    let users = reading.settings.iter().filter(|(_, setting)| Some(setting.place.file) != vendor);
    for (name, setting) in users {
        let Some(text) = setting.text() else { continue };
        let mut say = |kind, text| found.push(Warning { place: setting.place, kind, text });
        if names::is_secret_name(name) && !text.is_empty() {
            say(Kind::SecretInFile, format!("{name} stands here in clear text"));
        }
        warn::of_value(name, text).into_iter().for_each(|(kind, text)| say(kind, text));
    }
    reading.warnings.extend(found);
    reading.warnings.sort_by_key(|warning| (warning.place, warning.kind));
}
