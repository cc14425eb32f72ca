//! Owns the sites that the sandbox begins with: their distributions and their files.

use std::collections::BTreeMap;
use std::path::Path;
use std::{fs, io};

use jiff::Timestamp;

use crate::state::Distribution;

/// The files of one origin folder.
type Site = (&'static str, &'static [(&'static str, &'static str)]);

macro_rules! site {
    ($folder:literal, $($file:literal),+ $(,)?) => {
        ($folder, &[$(($file, include_str!(concat!("../../sites/", $folder, "/", $file)))),+])
    };
}

const SITES: &[Site] = &[
    site!("student-website", "index.html", "styles.css", "scripts.js", "_headers.json"),
    site!("shop", "index.html", "shop.css", "products/radio.html", "products/lamp.html", "_headers.json"),
    site!("docs", "index.html", "search.html", "docs.css"),
    site!("launch", "index.html"),
    site!("retired", "index.html"),
];

/// What a folder begins with that no site is meant for.
const BLANK: &str = include_str!("../../sites/blank/index.html");

/// Fills an origin folder that does not exist yet; one that exists belongs to its user.
pub(crate) fn plant(folder: &Path, name: &str) -> io::Result<()> {
    if folder.exists() {
        return Ok(());
    }
    let site = SITES.iter().find(|(known, _)| *known == name);
    let files = site.map_or(&[("index.html", BLANK)][..], |(_, files)| *files);
    for (file, text) in files {
        let path = folder.join(file);
        fs::create_dir_all(path.parent().unwrap_or(folder))?;
        fs::write(path, text)?;
    }
    Ok(())
}

/// The workshop's distribution first, then one of each kind that behaves differently.
pub(crate) fn distributions() -> Vec<Distribution> {
    vec![workshop(), shop(), docs(), launch(), retired()]
}

fn begin(id: &str, domain: &str, comment: &str, folder: &str, age_in_days: i64) -> Distribution {
    // Fixed, so that the versions stay the same from run to run.
    let newest = 1_762_848_000;
    Distribution {
        comment: comment.to_owned(),
        folder: folder.to_owned(),
        last_modified: Timestamp::from_second(newest - age_in_days * 86_400).unwrap_or(Timestamp::UNIX_EPOCH),
        ..Distribution::new(id, domain)
    }
}

fn tags(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn workshop() -> Distribution {
    Distribution {
        price_class: "PriceClass_200".to_owned(),
        tags: tags(&[("course", "serverless-workshop"), ("environment", "teaching")]),
        ..begin(
            "E2QWRUHAPOMQZL",
            "d12345678.cloudfront.net",
            "StudentWebsiteDistribution",
            "student-website",
            128,
        )
    }
}

fn shop() -> Distribution {
    Distribution {
        aliases: vec!["shop.example.com".to_owned()],
        cache_tag_header: Some("x-amz-meta-cache-tag".to_owned()),
        tags: tags(&[("environment", "production"), ("team", "storefront")]),
        ..begin("E1SHOP7K2M4NQX", "d3k9shopfront1.cloudfront.net", "Shop", "shop", 41)
    }
}

fn docs() -> Distribution {
    Distribution {
        aliases: vec!["docs.example.com".to_owned(), "help.example.com".to_owned()],
        query_strings: true,
        tags: tags(&[("environment", "production"), ("team", "docs")]),
        ..begin("E3DOCS5V8W1RTY", "d2v7docspages0.cloudfront.net", "Docs", "docs", 300)
    }
}

fn launch() -> Distribution {
    Distribution {
        status: "InProgress".to_owned(),
        ..begin(
            "E2LAUNCH4J6HGF",
            "d1launching42x.cloudfront.net",
            "Launch page (still deploying)",
            "launch",
            0,
        )
    }
}

fn retired() -> Distribution {
    Distribution {
        enabled: false,
        ..begin("E1RETIRED9ZXCV", "d9retiredsite7.cloudfront.net", "Last year's campaign", "retired", 420)
    }
}
