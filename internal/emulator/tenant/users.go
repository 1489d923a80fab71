package tenant

// Users are the people and the service accounts as Entra ID keeps them, each with the properties that
// are set, by Graph's names. They are those of IdentityInfo.
func (t *Tenant) Users() []map[string]any {
	users := make([]map[string]any, 0, len(t.people)+len(t.service))
	for _, p := range t.people {
		user := map[string]any{
			"id": p.ObjectID, "userPrincipalName": p.UPN, "displayName": p.DisplayName, "givenName": p.GivenName, "surname": p.Surname,
			"mail": p.UPN, "jobTitle": p.JobTitle, "officeLocation": p.City, "userType": "Member", "accountEnabled": true,
			"securityIdentifier": p.CloudSID,
		}
		if p.OnPremSID != "" {
			t.synchronize(user, p.Name, p.OnPremSID)
		}
		users = append(users, user)
	}
	for _, s := range t.service {
		user := map[string]any{
			"id": s.objectID, "userPrincipalName": s.upn, "displayName": s.description, "userType": "Member", "accountEnabled": true,
			"securityIdentifier": s.cloudSID,
		}
		t.synchronize(user, s.name, s.sid)
		users = append(users, user)
	}
	return users
}

// synchronize adds what Entra Connect copies from the Windows domain.
func (t *Tenant) synchronize(user map[string]any, name, sid string) {
	user["onPremisesSamAccountName"] = name
	user["onPremisesDomainName"] = t.domain + ".local"
	user["onPremisesSecurityIdentifier"] = sid
}
