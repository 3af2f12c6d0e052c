//! What providers say of themselves, as openstacksdk ships it: the files of `vendors/`, unchanged but where its README says so.
//! Nothing is fetched.

/// A provider: its name in a clouds.yaml, its file, the file's text.
pub(crate) struct Vendor {
    pub(crate) name: &'static str,
    pub(crate) file: &'static str,
    pub(crate) text: &'static str,
}

macro_rules! vendor {
    ($name:literal, $file:literal) => {
        Vendor { name: $name, file: $file, text: include_str!(concat!("../../../vendors/", $file)) }
    };
}

const VENDORS: &[Vendor] = &[
    vendor!("ovh", "ovh.json"),
    vendor!("ovh-us", "ovh-us.json"),
    vendor!("auro", "auro.json"),
    vendor!("betacloud", "betacloud.json"),
    vendor!("binero", "binero.json"),
    vendor!("bluebox", "bluebox.json"),
    vendor!("catalyst", "catalyst.json"),
    vendor!("citycloud", "citycloud.json"),
    vendor!("conoha", "conoha.json"),
    vendor!("dreamcompute", "dreamcompute.json"),
    vendor!("elastx", "elastx.json"),
    vendor!("entercloudsuite", "entercloudsuite.json"),
    vendor!("fuga", "fuga.json"),
    vendor!("ibmcloud", "ibmcloud.json"),
    vendor!("internap", "internap.json"),
    vendor!("limestonenetworks", "limestonenetworks.yaml"),
    vendor!("otc", "otc.json"),
    vendor!("otc-swiss", "otc-swiss.json"),
    vendor!("rackspace", "rackspace.json"),
    vendor!("switchcloud", "switchcloud.json"),
    vendor!("switchengines", "switchengines.json"),
    vendor!("ultimum", "ultimum.json"),
    vendor!("unitedstack", "unitedstack.json"),
    vendor!("vexxhost", "vexxhost.json"),
    vendor!("zetta", "zetta.json"),
];

pub(crate) fn find(name: &str) -> Option<&'static Vendor> {
    VENDORS.iter().find(|vendor| vendor.name == name)
}

#[cfg(test)]
mod tests {
    use super::super::yaml;
    use super::*;

    #[test]
    fn every_file_is_read_and_bears_its_name() {
        for vendor in VENDORS {
            let root =
                yaml::read(vendor.text.as_bytes(), vendor.file.ends_with(".json"), 0).unwrap().unwrap();
            assert_eq!(root.get("name").and_then(|name| name.text()), Some(vendor.name));
            assert!(!root.get("profile").unwrap().entries().is_empty(), "{}", vendor.name);
        }
    }
}
