//! Reads the listing of a bucket, a page at a time (`ListObjectsV2`).

use rusty_s3::{Bucket, Credentials, S3Action, actions::ListObjectsV2};
use unstale_domain::time::Timestamp;

use super::{super::operation::AwsOperation, Asked, S3, S3Bucket, S3Call, S3Error, SIGNED, call::refused};

/// The largest page that is read: 1,000 keys of 1,024 bytes, each byte written as three, with what S3 says of each.
const PAGE_MAX: usize = 8 * 1024 * 1024;

/// A page of a bucket's listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedPage {
    /// In the order of their keys.
    pub objects: Vec<ListedObject>,
    /// What the next page is asked for with. `None` if this is the last one.
    pub next: Option<String>,
    /// The region in which the bucket was asked, so that the next page need not look for it.
    pub region: String,
}

/// What a listing says of one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedObject {
    pub key: String,
    /// By S3's clock, in whole seconds.
    pub last_modified: Timestamp,
    /// In bytes.
    pub size: u64,
}

impl S3 {
    /// A page of at most 1,000 objects whose keys begin with `prefix`: the first one, or the one that `next` of the
    /// page before it names.
    pub async fn list(
        &self,
        bucket: &S3Bucket,
        prefix: &str,
        next: Option<&str>,
    ) -> Result<ListedPage, S3Error> {
        let sign = |at: &Bucket, credentials: &Credentials| {
            let mut list = at.list_objects_v2(Some(credentials));
            if !prefix.is_empty() {
                list.with_prefix(prefix);
            }
            if let Some(next) = next {
                list.with_continuation_token(next);
            }
            list.sign(SIGNED)
        };
        let call = S3Call::new(AwsOperation::ListObjectsV2);
        let Asked { answer, region } = self.0.ask(bucket, &call, sign).await?;
        let status = answer.status();
        let text = self.0.read(answer.into_body(), PAGE_MAX, self.0.call).await?;
        if !status.is_success() {
            return Err(refused(status.as_u16(), &text));
        }
        page(&text, region)
    }
}

fn page(text: &str, region: String) -> Result<ListedPage, S3Error> {
    let read = ListObjectsV2::parse_response(text);
    let read = read.map_err(|error| S3Error::Unreadable(error.to_string()))?;
    let object = |content: rusty_s3::actions::list_objects_v2::ListObjectsContent| {
        let time = content.last_modified.as_deref().and_then(Timestamp::parse);
        let last_modified = time.ok_or_else(|| S3Error::Unreadable("an object has no time".to_owned()))?;
        Ok(ListedObject { key: content.key, last_modified, size: content.size.unwrap_or_default() })
    };
    let objects = read.contents.into_iter().map(object).collect::<Result<_, S3Error>>()?;
    Ok(ListedPage { objects, next: read.next_continuation_token, region })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>site</Name><Prefix>v2/</Prefix>
<KeyCount>2</KeyCount><MaxKeys>2</MaxKeys><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>
<NextContinuationToken>1ueGcx</NextContinuationToken>
<Contents><Key>v2/a+b%2Bc/%C3%BC.html</Key><LastModified>2026-11-28T06:08:21.000Z</LastModified>
<ETag>&quot;d41d8c&quot;</ETag><Size>4</Size><StorageClass>STANDARD</StorageClass></Contents>
<Contents><Key>v2/docs/</Key><LastModified>2026-11-27T00:00:00.000Z</LastModified><Size>0</Size></Contents>
</ListBucketResult>"#;

    #[test]
    fn a_page_has_keys_times_and_where_to_go_on() {
        let read = page(PAGE, "eu-west-1".to_owned()).unwrap();
        let at = |text: &str| Timestamp::parse(text).unwrap();
        let object = |key: &str, time, size| ListedObject { key: key.to_owned(), last_modified: time, size };
        assert_eq!(
            read.objects,
            [
                object("v2/a b+c/ü.html", at("2026-11-28T06:08:21Z"), 4),
                object("v2/docs/", at("2026-11-27T00:00:00Z"), 0),
            ]
        );
        assert_eq!((read.next.as_deref(), read.region.as_str()), (Some("1ueGcx"), "eu-west-1"));
        let last = PAGE.replace("<IsTruncated>true", "<IsTruncated>false");
        assert_eq!(page(&last, String::new()).unwrap().next, None);
    }

    #[test]
    fn what_is_no_listing_is_not_taken_for_an_empty_one() {
        for text in [
            "",
            "<html></html>",
            "<ListBucketResult><Contents>",
            &PAGE.replace("2026-11-28T06:08:21.000Z", "yesterday"),
            &PAGE.replace("1ueGcx", ""),
        ] {
            assert!(matches!(page(text, String::new()), Err(S3Error::Unreadable(_))), "{text}");
        }
    }
}
