// The style and the script of the report's page. Nothing is loaded from elsewhere.
#pragma once

namespace mixvec::inline flows {

extern const char* const kPageStyle;
extern const char* const kPageScript;

}  // namespace mixvec::inline flows
