package tables

// The columns of Users. Unlike those of the hunting tables the processor takes each by its meaning.
const (
	UserID                    = "id"
	UserPrincipalName         = "userPrincipalName"
	UserOnPremisesSID         = "onPremisesSecurityIdentifier"
	UserOnPremisesAccountName = "onPremisesSamAccountName"
	UserOnPremisesDomain      = "onPremisesDomainName"
	UserSecurityIdentifier    = "securityIdentifier"
	// UserRemoved is true in the row of a user that Graph no longer has. Such a row has no other
	// column but id.
	UserRemoved = "removed"
)

var usersTable = &Table{
	Name: "Users", Kind: Directory, Source: Graph, Priority: 8, PollInterval: directoryInterval, Key: UserID,
	Schema: NewSchema("Users", `
		id:string userPrincipalName:string displayName:string onPremisesSecurityIdentifier:string
		onPremisesSamAccountName:string onPremisesDomainName:string securityIdentifier:string
		userType:string accountEnabled:bool removed:bool`),
	Extra: []string{
		UserPrincipalName, "displayName", UserOnPremisesSID, UserOnPremisesAccountName, UserOnPremisesDomain,
		UserSecurityIdentifier, "userType", "accountEnabled", UserRemoved,
	},
}

// Users is the directory of people that Graph keeps, a row as `GET /users` gives it. It is none of the
// hunting API's, so All, ByName and Schemas leave it out, and it is off unless the user asks for it.
func Users() *Table { return usersTable }
