"""Objects that go by themselves: lifecycle rules of our own, and no other one touched."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from botocore import exceptions as boto

from crossframe import errors
from crossframe.stores.checks import check_days
from crossframe.stores.s3_answers import error_code
from crossframe.stores.s3_bucket import S3Bucket, raw_answers
from crossframe.stores.s3_errors import translated

if TYPE_CHECKING:
    from crossframe.stores.s3_bucket import Answer, Arguments

_OURS = "crossframe-expire-"
_MINIMUM = "TransitionDefaultMinimumObjectSize"


class S3Expiry(S3Bucket):
    """Objects of a bucket that the server removes in time."""

    def expire(self, prefix: str, days: int | None) -> None:
        """Have the server remove what is below a prefix that many days after it was written.

        In a bucket with versions the current content is deleted and can be restored. ``None`` takes the
        rule back.

        Raises:
            UsageError: Less than a day.
            NotSupportedError: The bucket has rules that can't be written back as they are.
        """
        check_days(days)
        found = self._rules(whole=True)
        rules, name = found["Rules"], _name(prefix)
        others = [rule for rule in rules if rule.get("ID") != name]
        ours = [] if days is None else [_rule(prefix, days, others)]
        if others + ours != rules:
            self._write_rules(found, others + ours)

    def expiries(self) -> dict[str, int]:
        """Return what ``expire`` has set: days by prefix."""
        found = {
            _prefix(rule): rule.get("Expiration", {}).get("Days")
            for rule in self._rules()["Rules"]
            if str(rule.get("ID", "")).startswith(_OURS) and rule.get("Status") == "Enabled"
        }
        return {prefix: days for prefix, days in sorted(found.items()) if days}

    def _rules(self, *, whole: bool = False) -> Arguments:
        connection, request = self._request(
            "read the lifecycle rules of", None, "s3:GetLifecycleConfiguration"
        )
        raw_answers.watch(connection, "GetBucketLifecycleConfiguration")
        with translated(request):
            try:
                answer: Answer = connection.client.get_bucket_lifecycle_configuration(Bucket=self._bucket)
            except boto.ClientError as error:
                if error_code(error) == "NoSuchLifecycleConfiguration":
                    return {"Rules": []}
                raise
        rules: list[Any] = list(answer.get("Rules", ()))
        # Why: a rule put back without a condition that boto3 does not know would remove more than it did.
        if whole and not _all_is_known(rules, raw_answers.take()):
            raise errors.NotSupportedError(
                f"Can't change the lifecycle rules of {self.uri}: others there hold more than can be written"
                " back.",
                hint="Set the rule by the server's own tools.",
            )
        return {"Rules": rules} | ({_MINIMUM: answer[_MINIMUM]} if _MINIMUM in answer else {})

    def _write_rules(self, found: Arguments, rules: list[Any]) -> None:
        connection, request = self._request(
            "write the lifecycle rules of", None, "s3:PutLifecycleConfiguration"
        )
        more = {name: value for name, value in found.items() if name != "Rules"}
        with translated(request):
            if rules:
                connection.client.put_bucket_lifecycle_configuration(
                    Bucket=self._bucket, LifecycleConfiguration={"Rules": rules}, **more
                )
            else:
                connection.client.delete_bucket_lifecycle(Bucket=self._bucket)


def _name(prefix: str) -> str:
    return _OURS + hashlib.sha256(prefix.encode()).hexdigest()[:12]


def _rule(prefix: str, days: int, others: list[Any]) -> Arguments:
    # AWS takes no mixture of the older form of rules with the newer one.
    older = any("Prefix" in rule for rule in others)
    where: Arguments = {"Prefix": prefix} if older else {"Filter": {"Prefix": prefix}}
    return {"ID": _name(prefix), **where, "Status": "Enabled", "Expiration": {"Days": days}}


def _prefix(rule: Arguments) -> str:
    return str(rule.get("Prefix", rule.get("Filter", {}).get("Prefix", "")))


def _all_is_known(rules: list[Any], body: bytes) -> bool:
    """Tell whether boto3 has taken in everything that the server said of the rules."""
    if not body:
        return False
    sent = [one for one in ET.fromstring(body) if one.tag.rpartition("}")[2] == "Rule"]  # noqa: S314 - parsed before
    return sum(map(_leaves, rules)) == sum(sum(1 for one in rule.iter() if not len(one)) for rule in sent)


def _leaves(value: object) -> int:
    if isinstance(value, dict) and value:
        return sum(map(_leaves, value.values()))
    if isinstance(value, list):
        return sum(map(_leaves, value))
    return 1
