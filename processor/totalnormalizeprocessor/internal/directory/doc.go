// Package directory remembers what rows say of devices, people and alerts, so that one person stays one, by whatever name
// a row has.
//
// Directories proper are DeviceInfo (who is logged on where), IdentityInfo and Users (which SID, object id and
// name are whose) and AlertInfo. What event rows themselves show comes after them: learned.go has which UPN stands
// beside which id, shown.go which accounts a device has shown. A name that two people may have finds nobody.
//
// Every directory is bounded in entries and age (aging.go). Entries do not know how they are stored; forms.go has
// their stored form, which a release reads as the release before it wrote it.
package directory
