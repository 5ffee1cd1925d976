#!/bin/sh
# What the jobs of helm-controller run. The controller gives: arguments for `helm install`, or `delete`; in the environment
# NAME, TARGET_NAMESPACE, CHART, VERSION, FAILURE_POLICY, TIMEOUT, CONFIG_HASH and EXPECTED_RELEASE_REVISION; values in
# /config/values-*.yaml, later ones first in rank; and the chart itself in /chart/NAME.tgz.base64 if it brings one.
set -eu
export HOME=/home/klipper-helm

# One field of the release as `helm list` has it (revision, status); nothing where there is no release.
release() {
  helm list --all --namespace "$TARGET_NAMESPACE" --filter "^$NAME\$" --output json |
    busybox sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p"
}

if [ "${1:-}" = delete ]; then
  exec helm uninstall "$NAME" --namespace "$TARGET_NAMESPACE" --ignore-not-found
fi
shift # install

if [ -s "/chart/$NAME.tgz.base64" ]; then
  CHART=/tmp/$NAME.tgz
  busybox base64 -d "/chart/$NAME.tgz.base64" >"$CHART"
fi
for file in /config/values-*.yaml; do
  [ -e "$file" ] && set -- "$@" --values "$file"
done
[ -n "${TIMEOUT:-}" ] && set -- "$@" --timeout "$TIMEOUT"
# By this label on the release the controller sees that what it asked for was done.
[ -n "${CONFIG_HASH:-}" ] && set -- "$@" --labels "helmcharts.helm.cattle.io/configHash=$CONFIG_HASH"

revision=$(release revision)
status=$(release status)
echo "release $NAME in $TARGET_NAMESPACE: revision ${revision:-none}, ${status:-not installed}"
if [ "$status" = deployed ] && [ -n "${EXPECTED_RELEASE_REVISION:-}" ] && [ "$revision" != "$EXPECTED_RELEASE_REVISION" ]; then
  # This job's pod was started a second time, or another job was faster: the controller decides anew.
  echo "revision $EXPECTED_RELEASE_REVISION was expected: nothing is done"
  exit 0
fi
case "$status" in
pending-upgrade | pending-rollback)
  helm rollback "$NAME" --namespace "$TARGET_NAMESPACE"
  ;;
pending-install | uninstalling)
  helm uninstall "$NAME" --namespace "$TARGET_NAMESPACE"
  ;;
failed)
  if [ "${FAILURE_POLICY:-reinstall}" = abort ]; then
    echo "the release has failed, and the policy is to leave it alone" >&2
    exit 1
  fi
  helm uninstall "$NAME" --namespace "$TARGET_NAMESPACE"
  ;;
esac
exec helm upgrade --install --namespace "$TARGET_NAMESPACE" "$@" "$NAME" "$CHART"
