//! Steps for S3 origins.

use super::known::{Known, shown, with_code};
use crate::checks::OriginKind;

/// Developer guide, private-content-restricting-access-to-s3: website endpoints have no origin access control.
const PUBLIC_ONLY: &str = "A website endpoint serves only public objects: let everyone read it (s3:GetObject, and no block of public access), or use the bucket's own endpoint as the origin, with origin access control.";
const ORIGIN_PATH: &str = "If the origin has an origin path, put it before the key.";
const OLDER_WAY: &str = "The statement is for origin access control; an origin access identity needs a statement with that identity as the principal.";

pub(super) fn missing_or_denied(known: &Known<'_>) -> String {
    if known.configuration().origin == Some(OriginKind::S3Website) {
        let words = format!(
            "Look in the bucket for the file. If the command prints nothing, upload the file. If it prints the file, S3 refuses to let it be read. {ORIGIN_PATH} {PUBLIC_ONLY}"
        );
        return with_code(words, &known.list_object());
    }
    let words = format!(
        "Look in the bucket for the file. If the command prints nothing, upload the file. If it prints the file, add the statement below to the bucket policy, so that the distribution may read it. {ORIGIN_PATH} {OLDER_WAY}"
    );
    with_code(words, &format!("{}\n{}", known.list_object(), known.read_statement()))
}

pub(super) fn denied(known: &Known<'_>) -> String {
    if known.configuration().origin == Some(OriginKind::S3Website) {
        return with_code(PUBLIC_ONLY, &known.list_object());
    }
    let words = format!(
        "Let the distribution read the bucket again: add this statement to the bucket policy. If it is there, look for a statement that denies access, and for a KMS key that the distribution may not use. {OLDER_WAY}"
    );
    with_code(words, &known.read_statement())
}

pub(super) fn missing(known: &Known<'_>) -> String {
    let words = format!(
        "Upload the file. If the command prints it, its key differs from what CloudFront asks for: compare upper and lower case, the origin path, and functions that change the URL.{}",
        known.error_lifetime()
    );
    with_code(words, &known.list_object())
}

pub(super) fn bucket_missing(known: &Known<'_>) -> String {
    with_code(
        "Check the domain name of the origin. Correct it, or make the bucket again if it was deleted.",
        &known.show_configuration("Origins.Items[].DomainName"),
    )
}

pub(super) fn no_default_root_object(known: &Known<'_>) -> String {
    with_code(
        "Set the default root object of the distribution, such as index.html. The command keeps all other settings.",
        &known.set_root_object(),
    )
}

pub(super) fn no_folder_index(known: &Known<'_>) -> String {
    let folder = known.url.path.trim_end_matches('/');
    let key = known.key();
    with_code(
        format!(
            "Link to {folder}/index.html, or add a CloudFront Function for viewer requests that appends index.html. The command shows whether that file is in the bucket. {ORIGIN_PATH}"
        ),
        &known.list(&format!("{}/index.html", key.trim_end_matches('/'))),
    )
}

pub(super) fn hidden_missing_file(known: &Known<'_>) -> String {
    let waf = if known.configuration().web_acl == Some(true) {
        " If it is there, look at the web ACL: AWS WAF may have refused the request."
    } else {
        ""
    };
    if !known.has_s3_origin() {
        return format!("Check that the file is at the origin, and upload it if it is missing.{waf}");
    }
    let words = format!(
        "Look in the bucket for the file. If the command prints nothing, upload the file. {ORIGIN_PATH}{waf}"
    );
    with_code(words, &known.list_object())
}

pub(super) fn error_page_missing(known: &Known<'_>) -> String {
    let pages = &known.configuration().custom_errors;
    let own = pages.iter().find(|custom| custom.code == known.status());
    let page = own.and_then(|custom| custom.page.as_deref()).unwrap_or("/YOUR-ERROR-PAGE");
    with_code(
        format!(
            "Upload the error page {} to its origin, and check that CloudFront may read it. The file of the URL itself is missing or refused too.",
            shown(page)
        ),
        &known.list(page.trim_start_matches('/')),
    )
}
