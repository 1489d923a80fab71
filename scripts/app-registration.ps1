<#
.SYNOPSIS
Makes the app registration that the collector signs in with, by Microsoft Graph PowerShell.

.DESCRIPTION
An application of this tenant alone, the permission to read hunting tables, admin consent, and a client secret in a file (or a
certificate of yours). It needs the role Privileged Role Administrator or Global Administrator, for the consent. It prints what
the configuration needs. It never prints the secret.

  Install-Module Microsoft.Graph.Authentication, Microsoft.Graph.Applications -Scope CurrentUser
  ./scripts/app-registration.ps1 -TenantId contoso.onmicrosoft.com -SecretFile C:\ProgramData\otelcol-defender\secret

.PARAMETER TenantId
The tenant's id, or one of its domains.

.PARAMETER SecretFile
The file that the client secret is written to. It must not exist yet. Only you may read it: let the collector's account read it
too.

.PARAMETER Certificate
A certificate (DER or PEM, without its key) that is uploaded in place of a secret.

.PARAMETER Name
How the app registration is called: otelcol-defender, or otelcol-defender-resolver with -Resolver.

.PARAMETER Months
How long the secret is valid.

.PARAMETER Users
Also grants User.Read.All, for the table Users.

.PARAMETER Alerts
Also grants SecurityAlert.Read.All and SecurityIncident.Read.All, for the feeds of alerts and incidents.

.PARAMETER Scores
Also grants SecurityEvents.Read.All, for Secure Score.

.PARAMETER Resolver
Makes the app registration of the connector alert_resolver: grants SecurityAlert.ReadWrite.All, with which alerts can be
changed, and nothing else.

.PARAMETER Environment
The cloud: Global, USGov or USGovDoD.
#>
[CmdletBinding(DefaultParameterSetName = 'Secret')]
param(
    [Parameter(Mandatory)] [string] $TenantId,
    [Parameter(Mandatory, ParameterSetName = 'Secret')] [string] $SecretFile,
    [Parameter(Mandatory, ParameterSetName = 'Certificate')] [string] $Certificate,
    [string] $Name,
    [ValidateRange(1, 24)] [int] $Months = 12,
    [switch] $Users,
    [switch] $Alerts,
    [switch] $Scores,
    [switch] $Resolver,
    [ValidateSet('Global', 'USGov', 'USGovDoD')] [string] $Environment = 'Global'
)
$ErrorActionPreference = 'Stop'
Set-StrictMode -Version Latest

# A new application is not known everywhere at once.
function Invoke-Retry([scriptblock] $Command) {
    for ($try = 1; ; $try++) {
        try { return & $Command } catch {
            if ($try -ge 6) { throw }
            Start-Sleep -Seconds 10
        }
    }
}

# Whoever reads the collector's secret must not be able to write to the tenant with it.
if ($Resolver -and ($Users -or $Alerts -or $Scores)) {
    throw '-Resolver makes an app registration of its own: run the script again without it for -Users, -Alerts and -Scores'
}
if (-not $Name) { $Name = if ($Resolver) { 'otelcol-defender-resolver' } else { 'otelcol-defender' } }
if ($SecretFile -and (Test-Path -LiteralPath $SecretFile)) { throw "$SecretFile exists: name a new file" }
Connect-MgGraph -TenantId $TenantId -Environment $Environment -NoWelcome `
    -Scopes 'Application.ReadWrite.All', 'AppRoleAssignment.ReadWrite.All'

# An application of this name is not changed: it may be somebody else's.
$quoted = $Name.Replace("'", "''")
if (Get-MgApplication -Filter "displayName eq '$quoted'") {
    throw "the tenant has an application $Name already: choose another -Name, or delete that one"
}

# Microsoft Graph has this id in every tenant and cloud.
$graph = Get-MgServicePrincipal -Filter "appId eq '00000003-0000-0000-c000-000000000000'"
$permissions = @(if ($Resolver) { 'SecurityAlert.ReadWrite.All' } else { 'ThreatHunting.Read.All' })
if ($Users) { $permissions += 'User.Read.All' }
if ($Alerts) { $permissions += 'SecurityAlert.Read.All', 'SecurityIncident.Read.All' }
if ($Scores) { $permissions += 'SecurityEvents.Read.All' }
$roles = foreach ($permission in $permissions) {
    $role = $graph.AppRoles | Where-Object { $_.Value -eq $permission -and $_.AllowedMemberTypes -contains 'Application' }
    if (-not $role) { throw "Microsoft Graph has no permission $permission in this tenant" }
    $role.Id
}

$access = @{
    ResourceAppId  = $graph.AppId
    ResourceAccess = @($roles | ForEach-Object { @{ Id = $_; Type = 'Role' } })
}
$settings = @{ DisplayName = $Name; SignInAudience = 'AzureADMyOrg'; RequiredResourceAccess = @($access) }
if ($Certificate) {
    $read = [System.Security.Cryptography.X509Certificates.X509Certificate2]::new((Resolve-Path -LiteralPath $Certificate).Path)
    $settings.KeyCredentials = @(@{ Type = 'AsymmetricX509Cert'; Usage = 'Verify'; Key = $read.RawData })
}
$application = New-MgApplication @settings
$principal = Invoke-Retry { New-MgServicePrincipal -AppId $application.AppId }
Write-Host "made the app registration $Name"

# The assignment of an application permission is the admin consent.
foreach ($role in $roles) {
    Invoke-Retry {
        New-MgServicePrincipalAppRoleAssignment -ServicePrincipalId $principal.Id -PrincipalId $principal.Id `
            -ResourceId $graph.Id -AppRoleId $role
    } | Out-Null
}
Write-Host "granted $($permissions -join ' ')"

if ($SecretFile) {
    $end = (Get-Date).ToUniversalTime().Date.AddMonths($Months)
    $secret = Add-MgApplicationPassword -ApplicationId $application.Id `
        -PasswordCredential @{ DisplayName = 'otelcol-defender'; EndDateTime = $end }
    New-Item -ItemType File -Path $SecretFile | Out-Null
    if ($PSVersionTable.PSEdition -eq 'Desktop' -or $IsWindows) {
        icacls $SecretFile /inheritance:r /grant:r "$([System.Environment]::UserName):(R,W)" | Out-Null
    } else {
        chmod 600 $SecretFile
    }
    Set-Content -LiteralPath $SecretFile -Value $secret.SecretText -NoNewline -Encoding ascii
    Write-Host "the secret ends on $($end.ToString('yyyy-MM-dd')): set credentials::expires to this day"
}

$prefix = if ($Resolver) { 'RESOLVER' } else { 'DEFENDER' }
"DEFENDER_TENANT_ID=$((Get-MgContext).TenantId)"
"$($prefix)_CLIENT_ID=$($application.AppId)"
if ($SecretFile) { "$($prefix)_CLIENT_SECRET_FILE=$SecretFile" }
