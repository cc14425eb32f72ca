//! Stores with whoever a grant narrows that they are narrowed. Without it, a grant that goes would let them do more.
//!
//! Each function here comes before a change of grants or of members, while the rows still say whom they narrow.

use unstale_domain::{
    access::grant::{Subject, SubjectKind},
    id::PersonId,
};

use crate::{StoreError, Tx, db::execute};

/// A grant `g` is a person's: by their name, or by that of a group of theirs.
macro_rules! is_held_by {
    ($person:literal) => {
        concat!(
            "((g.subject_kind = 'person' AND g.subject_id = ",
            $person,
            ") OR (g.subject_kind = 'group'
                AND g.subject_id IN (SELECT group_name FROM person_group WHERE person_id = ",
            $person,
            ")))"
        )
    };
}
pub(crate) use is_held_by;

/// Whoever this grant is for. All members of a group, whoever says that they are.
pub(super) async fn narrow(tx: &mut Tx, subject: &Subject) -> Result<(), StoreError> {
    let sql = match subject.kind {
        SubjectKind::Person => "UPDATE person SET scope = 'granted' WHERE id = $1",
        SubjectKind::Group => {
            "UPDATE person SET scope = 'granted'
             WHERE id IN (SELECT person_id FROM person_group WHERE group_name = $1)"
        }
        SubjectKind::Token => "UPDATE api_token SET scope = 'granted' WHERE id = $1",
    };
    execute!(tx, sql, subject.id.as_str())?;
    Ok(())
}

/// A person for whom there is a grant, their own or that of a group that they are in.
pub(super) async fn narrow_where_granted(tx: &mut Tx, person: &PersonId) -> Result<(), StoreError> {
    execute!(
        tx,
        concat!(
            "UPDATE person SET scope = 'granted'
             WHERE id = $1 AND EXISTS (SELECT 1 FROM access_grant g WHERE ",
            is_held_by!("$1"),
            ")"
        ),
        person.as_str(),
    )?;
    Ok(())
}

/// The members of a group for which there is a grant.
pub(super) async fn narrow_members_where_granted(tx: &mut Tx, group: &str) -> Result<(), StoreError> {
    execute!(
        tx,
        "UPDATE person SET scope = 'granted'
         WHERE id IN (SELECT person_id FROM person_group WHERE group_name = $1)
             AND EXISTS (SELECT 1 FROM access_grant WHERE subject_kind = 'group' AND subject_id = $1)",
        group,
    )?;
    Ok(())
}
