#!/usr/bin/env bash
# Makes the app registration that the collector signs in with, by the Azure CLI: an application of this tenant alone, the
# permission to read hunting tables, admin consent, and a secret in a file (or a certificate of yours).
#
#   az login --tenant TENANT --allow-no-subscriptions
#   scripts/app-registration.sh --secret-file /etc/otelcol-defender/secret
#
# With --resolver it makes another one, for the connector alert_resolver, which may change alerts and nothing else.
#
# It needs the role Privileged Role Administrator or Global Administrator, for the consent. It prints what the configuration
# needs. It never prints the secret.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: app-registration.sh (--secret-file FILE | --certificate FILE) [options]

  --secret-file FILE   make a client secret, and write it to FILE, which only you may read; FILE must not exist yet
  --certificate FILE   upload this certificate (PEM, without its key) in place of a secret
  --name NAME          how the app registration is called (default: otelcol-defender, with --resolver otelcol-defender-resolver)
  --months N           how long the secret is valid, 1 to 24 (default: 12)
  --users              also grant User.Read.All, for the table Users
  --alerts             also grant SecurityAlert.Read.All and SecurityIncident.Read.All, for the feeds of alerts and incidents
  --scores             also grant SecurityEvents.Read.All, for Secure Score
  --resolver           make the app registration of the connector alert_resolver: grant SecurityAlert.ReadWrite.All, with which
                       alerts can be changed, and nothing else
  --help               show this
TEXT
}

fail() { echo "app-registration.sh: $*" >&2; exit 1; }

name='' months=12 secret_file='' certificate='' resolver='' more=()
while [ $# -gt 0 ]; do
  case $1 in
    --secret-file) secret_file=${2:?"--secret-file needs a file"}; shift 2 ;;
    --certificate) certificate=${2:?"--certificate needs a file"}; shift 2 ;;
    --name) name=${2:?"--name needs a name"}; shift 2 ;;
    --months) months=${2:?"--months needs a number"}; shift 2 ;;
    --users) more+=(User.Read.All); shift ;;
    --alerts) more+=(SecurityAlert.Read.All SecurityIncident.Read.All); shift ;;
    --scores) more+=(SecurityEvents.Read.All); shift ;;
    --resolver) resolver=1; shift ;;
    --help) usage; exit 0 ;;
    *) usage >&2; fail "there is no option $1" ;;
  esac
done
if [ -n "$resolver" ]; then
  # Whoever reads the collector's secret must not be able to write to the tenant with it.
  [ ${#more[@]} = 0 ] || fail "--resolver makes an app registration of its own: run the script again without it for --users, --alerts and --scores"
  permissions=(SecurityAlert.ReadWrite.All) name=${name:-otelcol-defender-resolver}
else
  permissions=(ThreatHunting.Read.All ${more[@]+"${more[@]}"}) name=${name:-otelcol-defender}
fi
[ -n "$secret_file" ] || [ -n "$certificate" ] || { usage >&2; fail "say --secret-file or --certificate"; }
[ -z "$secret_file" ] || [ -z "$certificate" ] || fail "say --secret-file or --certificate, not both"
[ -z "$secret_file" ] || [ ! -e "$secret_file" ] || fail "$secret_file exists: name a new file"
[ -z "$secret_file" ] || [ -d "$(dirname "$secret_file")" ] || fail "there is no directory $(dirname "$secret_file"): make it first"
[ -z "$certificate" ] || [ -r "$certificate" ] || fail "$certificate cannot be read"
[[ $months =~ ^([1-9]|1[0-9]|2[0-4])$ ]] || fail "--months must be a whole number from 1 to 24"
command -v az > /dev/null || fail "the Azure CLI (az) is not installed: https://learn.microsoft.com/cli/azure/install-azure-cli"
tenant=$(az account show --query tenantId --output tsv) || fail "sign in first: az login --tenant TENANT --allow-no-subscriptions"

# An application of this name is not changed: it may be somebody else's.
known=$(az ad app list --filter "displayName eq '${name//\'/\'\'}'" --query '[0].appId' --output tsv)
[ -z "$known" ] || fail "the tenant has an application $name already ($known): choose another --name, or delete that one"

# Microsoft Graph has this id in every tenant and cloud.
graph=00000003-0000-0000-c000-000000000000
roles=()
for permission in "${permissions[@]}"; do
  role=$(az ad sp show --id "$graph" --query "appRoles[?value=='$permission'].id | [0]" --output tsv)
  [ -n "$role" ] || fail "Microsoft Graph has no permission $permission in this tenant"
  roles+=("$role=Role")
done

# retry: a new application is not known everywhere at once.
retry() {
  local try
  for try in 1 2 3 4 5 6; do
    if "$@"; then return 0; fi
    [ "$try" = 6 ] || sleep "${RETRY_PAUSE:-10}"
  done
  return 1
}

client=$(az ad app create --display-name "$name" --sign-in-audience AzureADMyOrg --query appId --output tsv)
echo "made the app registration $name" >&2
retry az ad sp create --id "$client" --output none || fail "no service principal was made of $client"
retry az ad app permission add --id "$client" --api "$graph" --api-permissions "${roles[@]}" --only-show-errors --output none ||
  fail "the permissions could not be added to $client"
retry az ad app permission admin-consent --id "$client" --only-show-errors ||
  fail "there is no admin consent. Let an administrator run: az ad app permission admin-consent --id $client"
echo "granted ${permissions[*]}" >&2

if [ -n "$certificate" ]; then
  az ad app credential reset --id "$client" --cert "@$certificate" --append --only-show-errors --output none
else
  end=$(date -u -d "+$months months" +%Y-%m-%d 2> /dev/null || date -u -v "+${months}m" +%Y-%m-%d)
  (
    umask 077
    az ad app credential reset --id "$client" --display-name otelcol-defender --end-date "$end" --append --only-show-errors \
      --query password --output tsv > "$secret_file"
  ) || { rm -f "$secret_file"; fail "no secret was made: make one on the page Certificates & secrets of $name ($client)"; }
fi

prefix=DEFENDER
[ -z "$resolver" ] || prefix=RESOLVER
cat <<TEXT
export DEFENDER_TENANT_ID=$tenant
export ${prefix}_CLIENT_ID=$client
TEXT
if [ -n "$secret_file" ]; then
  echo "export ${prefix}_CLIENT_SECRET_FILE=$secret_file"
  echo "# the secret ends on $end: set credentials::expires to this day" >&2
fi
