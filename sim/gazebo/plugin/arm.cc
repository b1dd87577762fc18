#include "arm.hh"

#include <algorithm>
#include <stdexcept>

namespace jepa_mpc
{
namespace
{
/// How fast a servo closes a velocity error, for the joint's inertia where the model was loaded, in s.
constexpr double kServoTimeConstant = 0.004;

/// Moment of inertia about `axis` through `anchor` of a link and all links that hang on it, in kg m^2.
double inertiaBeyond(
    const gazebo::physics::LinkPtr &link, const ignition::math::Vector3d &anchor, const ignition::math::Vector3d &axis)
{
  const auto arm = link->WorldCoGPose().Pos() - anchor;
  const auto across = arm - axis * arm.Dot(axis);
  double inertia = axis.Dot(link->WorldInertiaMatrix() * axis) + link->GetInertial()->Mass() * across.SquaredLength();
  for (const auto &joint : link->GetChildJoints())
    inertia += inertiaBeyond(joint->GetChild(), anchor, axis);
  return inertia;
}
}  // namespace

Arm::Arm(gazebo::physics::ModelPtr model, const std::vector<std::string> &jointNames)
  : model_(std::move(model)), zero_(model_), setPoints_(jointNames.size()), efforts_(jointNames.size())
{
  for (const auto &name : jointNames)
  {
    const auto joint = this->model_->GetJoint(name);
    if (!joint)
      throw std::runtime_error("model " + this->model_->GetName() + ": found no joint '" + name + "'");
    this->joints_.push_back(joint);
    this->gains_.push_back(
        inertiaBeyond(joint->GetChild(), joint->Anchor(0), joint->GlobalAxis(0)) / kServoTimeConstant);
  }
}

void Arm::actuate()
{
  for (std::size_t j = 0; j < this->size(); ++j)
  {
    const double limit = this->joints_[j]->GetEffortLimit(0);
    const double effort = this->gains_[j] * (this->setPoints_[j] - this->joints_[j]->GetVelocity(0));
    this->efforts_[j] = limit < 0 ? effort : std::clamp(effort, -limit, limit);
    this->joints_[j]->SetForce(0, this->efforts_[j]);
  }
}

void Arm::teleport(const std::vector<double> &positions)
{
  this->place(positions);
  this->model_->ResetPhysicsStates();
  this->setPoints_.assign(this->size(), 0.0);
  this->efforts_.assign(this->size(), 0.0);
}

std::vector<double> Arm::positions() const
{
  std::vector<double> values;
  for (const auto &joint : this->joints_)
    values.push_back(joint->Position(0));
  return values;
}

std::vector<double> Arm::velocities() const
{
  std::vector<double> values;
  for (const auto &joint : this->joints_)
    values.push_back(joint->GetVelocity(0));
  return values;
}

LinkPoses Arm::linkPoses() const
{
  LinkPoses poses;
  for (const auto &link : this->model_->GetLinks())
    poses.emplace_back(link->GetScopedName(), link->WorldPose());
  return poses;
}

LinkPoses Arm::linkPosesAt(const std::vector<double> &positions)
{
  const gazebo::physics::ModelState before(this->model_);
  this->place(positions);
  auto poses = this->linkPoses();
  this->model_->SetState(before);
  return poses;
}

void Arm::place(const std::vector<double> &positions)
{
  // From one state each time, so that a pose is the same to the last bit however often it was taken before.
  this->model_->SetState(this->zero_);
  for (std::size_t j = 0; j < this->size(); ++j)
    this->joints_[j]->SetPosition(0, positions[j], true);
}
}  // namespace jepa_mpc
